"""The first step of each alert's runbook: one imperative sentence.

What the exporter reports as a problem has its sentence from `exporter.backups.advice`, so that `explain`, the pages
and the runbooks agree.
"""

from collections.abc import Mapping
from typing import Final

from exporter.backups.advice import ADVICE

OTHER: Final[Mapping[str, str]] = {
    "ByCloudBackupInstanceVanished": "Ask the owner whether the database was deleted on purpose; if it was not, call the"
    " vendor's support at once.",
    "ByCloudBackupSizeDropped": "Ask the owner whether data was deleted or moved, and keep the older backups until you"
    " know.",
    "ByCloudBackupsDropped": "Find out who or what deletes backups, and stop it.",
    "ByCloudBackupRetentionShort": "Find out what deletes restore points too early, and stop it.",
    "ByCloudBackupSlow": "Compare the backup's duration with those of the last two weeks, and watch the next backup.",
    "ByCloudBackupErrorBudgetBurn": "Find out which of the team's databases spend the budget, and whether they have a"
    " cause in common.",
    "ByCloudBackupsPilingUp": "Find out why the retention no longer works.",
    "ByCloudExporterDown": "See in Prometheus, *Status → Targets*, how the scrape fails, and read the exporter's log.",
    "ByCloudApiAuthFailed": "Run `bycloud-backup-exporter check`, then give the exporter a valid credential.",
    "ByCloudScrapeStale": "Run `bycloud-backup-exporter check`: it says why the list of backups cannot be read.",
    "ByCloudBackupInventoryEmpty": "Compare the backups in the ByCloud console with the exporter's account and region.",
    "ByCloudScrapeFailing": "Look up the reason of the failure, and follow its row in the table below.",
    "ByCloudApiRateLimited": "Find out which other clients use the account's requests, then walk less often.",
    "ByCloudScrapeIncomplete": "Read the exporter's log: it names the first malformed record.",
    "ByCloudBackupStatusUnknown": "Ask the vendor's support what the status means, then add it to `statuses`.",
    "ByCloudInstancesStale": "Run `bycloud-backup-exporter check`: it says why the list of instances cannot be read.",
    "ByCloudReplicasDisagree": "Compare the configurations and the credentials of the replicas.",
    "ByCloudBackupQuota": "Ask the vendor for a larger quota, before the API refuses new backups.",
    "ByCloudConfigReloadFailed": "Run `bycloud-backup-exporter check` on the changed file, fix the file, and reload it.",
    "ByCloudCredentialExpiring": "Create a new token, and replace the old one before it expires.",
}
"""Of alerts on what the exporter does not report as a problem of one database."""
FIRST_STEPS: Final[Mapping[str, str]] = {
    **{advice.runbook: advice.text for advice in ADVICE.values()},
    **OTHER,
}
"""By the alert's name."""
