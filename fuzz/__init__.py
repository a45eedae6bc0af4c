"""What strangers send, made up by machines: `make fuzz`, or `python -m fuzz`.

A target is one file with a function `target(data)`, which needs no Atheris: it asks the server's
own code and asserts what shall hold for any bytes. The tests of `tests/properties/` ask the same.
"""
