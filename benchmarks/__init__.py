"""Measures VideoStream: `python -m benchmarks`; docs/performance.md tells how and why."""
