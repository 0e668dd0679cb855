"""The whole program, over real sockets and beside real programs."""
