"""Serves the endpoints and the pages.

- `application`: `create_application`, and `request_kind` for a limit on concurrent requests.
- `external_url`: the URL at which others reach the exporter.
- `landing`: the page for people.
"""
