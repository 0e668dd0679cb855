"""Turns results into metric families and expositions, and counts what the exporter itself does.

- `databases`, `scrape`: every metric of a target: name, help, labels and value; `section` and `rows` define
  their parts; `table` is all of them.
- `families`, `collector`: the metric families of one scrape's result.
- `own`, `credentials`: the exporter's own metrics.
- `negotiation`, `exposition`, `render`: the response to a scraper.
"""
