"""What finds something in a frame: one file, one detector."""
