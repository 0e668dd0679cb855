"""The simulated API's sockets and HTTP messages."""
