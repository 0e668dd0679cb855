"""What an operator may change in the rules."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True):
    """Thresholds, selectors and addresses; the defaults make the rules that ship.

    :param selector: label matchers for every selector of an exporter's metric, such as `job=~"bycloud.*"`.
    :param labels: further labels that tell accounts apart, such as `environment`; of targets and their alerts.
    :param team: the name of the objectives' label that alerts carry as `team`.
    :param runbooks: URL of the folder of runbooks; the alert's name and `.md` are appended. Empty: no annotation.
    :param dashboard: URL of the dashboard of one database. Empty: no annotation.
    :param exporter: URL of the exporter's own pages. Empty: no annotation.
    :param stale_seconds: how long no walk may complete, beyond the interval of walks.
    :param limited_seconds: how long the API's rate limits may keep walks from completing, beyond their interval.
    :param size_ratio: a full backup smaller than this part of the median is an alert.
    :param count_ratio: fewer restorable backups than this part of the usual lowest number are an alert.
    :param slow_ratio: a backup that takes longer than this multiple of the median is an alert.
    :param slow_seconds: and that takes at least this much longer.
    :param piling_ratio: restore points older than this multiple of the age at which they used to go are an alert.
    :param quota_ratio: the used part of `max_backups` that is an alert.
    :param credential_seconds: how long before its expiry a credential is an alert.
    :param compliance: the part of the time in which databases have to meet their `max_age`; the rest is the error budget.
    :param burn_ratio: the part of 30 days' error budget whose loss within three days is an alert.
    """

    selector: str = ""
    labels: tuple[str, ...] = ()
    team: str = "team"
    runbooks: str = (
        "https://github.com/bycloud-backup-exporter/bycloud-backup-exporter/blob/main/docs/runbooks/"
    )
    dashboard: str = ""
    exporter: str = ""
    stale_seconds: int = 3600
    limited_seconds: int = 1800
    size_ratio: float = 0.5
    count_ratio: float = 0.5
    slow_ratio: float = 2
    slow_seconds: int = 900
    piling_ratio: float = 1.25
    quota_ratio: float = 0.9
    credential_seconds: int = 14 * 86400
    compliance: Annotated[float, Meta(ge=0, lt=1)] = 0.99
    burn_ratio: Annotated[float, Meta(gt=0)] = 0.1

    @property
    def site(self) -> str:
        """The labels of a place that may have several exporters."""
        return ", ".join(("cluster", "namespace", *self.labels))

    @property
    def target(self) -> str:
        """The labels that identify a target."""
        return ", ".join(("cluster", "namespace", "job", "target", *self.labels))

    @property
    def database(self) -> str:
        """The labels that identify a database."""
        return f"{self.target}, instance_id"
