"""WebSockets: thin shells around sessions and streams."""
