"""The HTTP server: uvicorn with TLS, basic authentication and limits. It knows nothing of backups.

- `address`: what `--web.listen-address` accepts
- `run`: listen and serve until a signal; `sighup`: reload on SIGHUP; `systemd`: readiness notification
- `watched`, `schema`, `tls`, `client_certificates`, `watched_files`: `--web.config.file` and its certificates
- `auth`, `passwords`: basic authentication
- `access_log`, `response_headers`, `refusals`: what is logged, added and counted

Limits for clients:

- `limits`: the numbers
- `connections`, `eviction`: how many connections there are, and which one ends to make room
- `protocol`, `phase`, `empty_lines`: how slowly a client may send and read
- `pending`: how much of responses may wait for slow readers
- `request_limits`: how large a request may be
- `concurrency`, `disconnects`: how many requests are in flight; those of clients that have left end
- `networks`: what one client is

docs/architecture.md lists the middlewares in their order.

Import from the modules: they load uvicorn only where it is needed.
"""
