"""Many come and go, for minutes or hours; afterwards the server is as it was before."""
