"""The HTTP server: sockets, TLS, basic authentication, limits, signals. It knows nothing of backups."""
