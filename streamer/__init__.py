"""Watches video: webcams in over a WebSocket, what was seen in them out."""
