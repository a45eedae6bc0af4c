"""What holds for any input; the fuzz targets of `fuzz/` assert the same."""
