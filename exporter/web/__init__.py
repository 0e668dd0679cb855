"""Serves the endpoints and the pages.

- `application`: `create_application`, and `request_kind` for a limit on concurrent requests.
- `scrapes`: `/metrics` and `/probe`; `render_queue` renders one response at a time.
- `disconnect_callback`: notices clients that have left.
- `pages`: the pages for people; `throttled` limits what they cost.
- `landing`, `target_view`, `database_rows`: the page at `/`; `staleness`: whether a snapshot is current.
- `database`, `timeline`: the page of one database.
- `links`, `templating`: the addresses and the templates of both pages.
- `discovery`, `lifecycle`: `/sd` and `/-/…`.
- `external_url`: the URL at which others reach the exporter.
"""
