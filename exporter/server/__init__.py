"""The HTTP server: uvicorn with TLS, basic authentication and limits. It knows nothing of backups.

- `run`: listen and serve until a signal; `sighup`: reload on SIGHUP; `systemd`: readiness notification
- `watched`, `schema`, `tls`, `client_certificates`, `watched_files`: `--web.config.file` and its certificates
- `auth`, `passwords`: basic authentication
- `connections`, `eviction`, `protocol`, `phase`, `empty_lines`, `pending`, `request_limits`, `concurrency`,
  `disconnects`, `limits`, `networks`: limits for clients
- `access_log`, `response_headers`, `refusals`: what is logged, added and counted

Import from the modules: they load uvicorn only where it is needed.
"""
