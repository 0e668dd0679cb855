"""Templates of annotations that several alerts share."""

from typing import Final

NAME: Final = (
    '{{ with printf "bycloud:database:name{instance_id=%q}" $labels.instance_id | query }}'
    '{{ . | first | label "instance_name" }}{{ else }}{{ $labels.instance_id }}{{ end }}'
)
"""The database's name, or its id if the rules do not know the database."""
LABELLED: Final = "{{ $labels.instance_name }}"
"""The same of alerts that have the name as a label."""
ID: Final = "{{ $labels.instance_id }}{{ with $labels.target }} of target {{ . }}{{ end }}"
TARGET: Final = "{{ $labels.job }}{{ with $labels.target }}, target {{ . }}{{ end }}"
DURATION: Final = "{{ humanizeDuration $value }}"
REASONS: Final = (
    '{{ range printf "bycloud_scrape_failure{job=%q,target=%q} == 1" $labels.job $labels.target | query }}'
    " Reason: {{ .Labels.reason }}.{{ end }}"
)
"""Why the replicas' last walks failed."""
