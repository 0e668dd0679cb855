"""Serves the endpoints and the pages.

- `application`: `create_application`, and `request_kind` for a limit on concurrent requests.
- `scrapes`: `/metrics` and `/probe`; `render_queue` renders one response at a time.
- `pages`, `landing`, `throttled`: the page for people.
- `discovery`, `lifecycle`: `/sd` and `/-/…`.
- `external_url`: the URL at which others reach the exporter.
"""
