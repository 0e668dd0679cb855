"""Values of the Helm chart: every feature by itself, and together."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Values = Mapping[str, Any]
ON: Final = {"enabled": True}
SECRETS: Final = "/run/secrets/bycloud"
TARGETS: Final = [
    {"name": "east", "api_key_file": f"{SECRETS}/east", "budget_share": 0.4},
    {"name": "w$1", "api_key_file": f"{SECRETS}/west"},
]
HASH: Final = "$2b$04$DFGXSCD.oBGt.PCFrDKbPe9UZXdCzAuYcHQMYKRDvYSZ39LbPRXcK"
USERS: Final = {"basic_auth_users": {"prometheus": HASH}}
CONNECTION: Final = {
    "tlsConfig": {"ca": {"secret": {"name": "ca", "key": "ca.crt"}}, "serverName": "exporter"},
    "basicAuth": {
        "username": {"name": "login", "key": "username"},
        "password": {"name": "login", "key": "password"},
    },
}
SCRAPE: Final = {
    "enabled": True,
    "labels": {"release": "main"},
    "namespace": "monitoring",
    "interval": "2m",
    "scrapeTimeout": "1m30s",
    "scheme": "https",
    "relabelings": [{"targetLabel": "cluster", "replacement": "one"}],
    "metricRelabelings": [{"action": "drop", "regex": "python_.*", "sourceLabels": ["__name__"]}],
    "sampleLimit": 50_000,
    **CONNECTION,
}
RULES: Final = {
    "enabled": True,
    "labels": {"release": "main"},
    "namespace": "monitoring",
    "alertLabels": {"team": "databases"},
    "alerts": {
        "ByCloudBackupTooOld": {"severity": "warning", "for": "1h", "labels": {"team": "payments"}},
        "ByCloudBackupStuck": {"enabled": False},
    },
    "runbookUrl": "https://wiki.example.com/runbooks/",
    "additionalRules": [{"alert": "Own", "expr": "bycloud_up == 0", "for": "5m"}],
}
TLS_SECRET: Final = {"webConfig": {"tlsSecret": "cert"}}

MATRIX: Final[dict[str, Values]] = {
    "defaults": {},
    "names": {"nameOverride": "backups", "commonLabels": {"app.kubernetes.io/part-of": "databases"}},
    "full name": {"fullnameOverride": "bycloud"},
    "image tag": {
        "image": {"repository": "registry.example.com/exporter", "tag": "9", "pullPolicy": "Always"}
    },
    "image digest": {"image": {"digest": f"sha256:{'0' * 64}"}, "imagePullSecrets": [{"name": "registry"}]},
    "inline key": {"credential": {"apiKey": "id:secret"}, "apiUrl": "https://api.example.com"},
    "objectives only": {"config": {"objectives": [{"max_age": "26h"}]}},
    "two targets": {"config": {"targets": TARGETS}, "serviceMonitor": ON},
    "replicas": {"replicaCount": 3, "podDisruptionBudget": ON, "apiUrl": "https://api.example.com"},
    "replicas of two targets": {"replicaCount": 2, "config": {"targets": TARGETS}},
    "disruption in percent": {"podDisruptionBudget": {"enabled": True, "minAvailable": "50%"}},
    "no replica": {"replicaCount": 0},
    "tls": {**TLS_SECRET, "serviceMonitor": ON},
    "tls and users": {"webConfig": {"tlsSecret": "cert", "content": USERS}, "podMonitor": ON},
    "users": {"webConfig": {"content": USERS}},
    "existing web configuration": {"webConfig": {"existingSecret": "web", "key": "exporter.yml"}},
    "existing web configuration and certificate": {
        "webConfig": {"existingSecret": "web", "tlsSecret": "cert"},
        "scrapeConfig": {**ON, "scheme": "https"},
    },
    "extras": {
        "extraArgs": ["--log.format=json", "--web.enable-lifecycle"],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
    },
    "own probes": {
        "livenessProbe": {"tcpSocket": {"port": "metrics"}},
        "readinessProbe": {"failureThreshold": 5, "periodSeconds": 60},
    },
    "no probes": {"livenessProbe": None, "readinessProbe": None},
    "repeated keys": {
        "replicaCount": 2,
        "config": {"objectives": [{"max_age": "26h"}]},
        "commonLabels": {"app.kubernetes.io/name": "mine", "app.kubernetes.io/version": "7"},
        "podLabels": {"app.kubernetes.io/instance": "mine", "helm.sh/chart": "mine"},
        "podAnnotations": {"checksum/config": "mine"},
        "extraEnv": [{"name": "BYCLOUD_BUDGET_SHARE", "value": "0.1"}],
        "serviceMonitor": {**ON, "labels": {"app.kubernetes.io/instance": "main"}},
        "dashboards": {**ON, "folder": "Databases", "annotations": {"grafana_folder": "mine"}},
    },
    "scheduling": {
        "podLabels": {"team": "databases"},
        "podAnnotations": {"a": "b"},
        "priorityClassName": "high",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "x", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
        ],
        "resources": {"limits": {"memory": "1Gi"}},
    },
    "no identity of its own": {
        "serviceAccount": {"create": False},
        "podSecurityContext": {"runAsNonRoot": True},
        "securityContext": None,
    },
    "named identity": {"serviceAccount": {"name": "exporter", "annotations": {"a": "b"}}},
    "service": {
        "service": {"type": "NodePort", "port": 80, "annotations": {"a": "b"}},
        "networkPolicy": {
            "from": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
            "apiPorts": [443, 3128],
        },
    },
    "no network policy": {"networkPolicy": {"enabled": False}},
    "service monitor": {"serviceMonitor": {**SCRAPE, "jobLabel": "app", "honorLabels": True}},
    "pod monitor": {
        "podMonitor": {**SCRAPE, "jobLabel": "app", "honorLabels": True},
        "config": {"targets": TARGETS},
    },
    "scrape config": {"scrapeConfig": {**SCRAPE, "refreshInterval": "30s"}},
    "rules": {"prometheusRule": ON},
    "changed rules": {"prometheusRule": RULES},
    "dashboards": {
        "dashboards": {**ON, "folder": "Databases", "annotations": {"a": "b"}, "namespace": "grafana"}
    },
    "everything": {
        "replicaCount": 2,
        "credential": {"apiKey": "id:secret"},
        "config": {"targets": TARGETS, "objectives": [{"max_age": "26h"}]},
        "webConfig": {"tlsSecret": "cert", "content": USERS},
        "extraArgs": ["--log.format=json"],
        "podDisruptionBudget": ON,
        "serviceMonitor": {**ON, **CONNECTION, "labels": {"release": "main"}},
        "prometheusRule": {**ON, "labels": {"release": "main"}},
        "dashboards": ON,
    },
}
"""Combinations of values by name; together they use every value."""


def keys_of(values: Values, prefix: str = "") -> Iterator[str]:
    """Yield the path of every key, as `a.b`, those of maps included."""
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from keys_of(value, f"{prefix}{name}.")
