"""The whole program, over real sockets and with real programs."""
