"""Runs the pod of a rendered Deployment as the kubelet does, on this machine's files and network.

The command, its flags, its environment, its probes and the mounted files are those of the Deployment. Only
what a machine has once is replaced: mount paths by folders of the test, and the port by a free one.
"""

import base64
import http.client
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tools.manifests import Objects

BIN: Final = Path(sys.executable).parent
ENTRYPOINT: Final = "bycloud-backup-exporter"  # the image's
PORT: Final = "10140"
PATIENCE: Final = 60.0
Files = Mapping[str, str]


def write_volume(folder: Path, files: Files) -> None:
    """Write files as the kubelet does: each is a link through `..data`, the link to the newest version."""
    version = folder / f"..{len(list(folder.glob('..[0-9]*'))) if folder.exists() else 0}"
    version.mkdir(parents=True)
    for name, text in files.items():
        (version / name).write_text(text, encoding="utf-8")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    link = folder / "..data_tmp"
    link.symlink_to(version.name)
    link.replace(folder / "..data")


class Pod:
    """The exporter's container of a pod that runs."""

    def __init__(self, container: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
        self.folders = folders
        self._container = container
        self._port = "0"
        self._process = self._start()

    def __repr__(self) -> str:
        return f"<Pod on port {self._port}>"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._port)

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The exporter."""
        return self._process

    def probe(self, name: str) -> bool:
        """Return whether a probe succeeds: `livenessProbe` or `readinessProbe`."""
        probe = self._container[name]
        if "exec" in probe:
            return self._execute(probe["exec"]["command"], probe["timeoutSeconds"])
        return self._get(probe["httpGet"], probe["timeoutSeconds"])

    def _start(self) -> "subprocess.Popen[str]":
        command = [ENTRYPOINT, *map(self._here, self._container["args"])]
        process = subprocess.Popen(
            [BIN / command[0], *command[1:]], env=self._environment(), stderr=subprocess.PIPE, text=True
        )
        assert process.stderr
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "listening" in line and (found := re.search(r'\bport"?[=:] ?(\d+)', line)):
                self._port = found[1]
                return process
        pytest.fail("".join(lines))

    def _environment(self) -> dict[str, str]:
        given = {one["name"]: self._here(one["value"]) for one in self._container.get("env", ())}
        return {"PATH": f"{BIN}:/usr/bin:/bin", **given}

    def _here(self, text: str) -> str:
        return here(text.replace(f":{PORT}", f":{self._port}"), self.folders)

    def _execute(self, command: list[str], timeout: float) -> bool:
        words = [self._here(word) for word in command]
        done = subprocess.run(
            [BIN / words[0], *words[1:]],
            env=self._environment(),
            capture_output=True,
            check=False,
            timeout=timeout,
        )
        return done.returncode == 0

    def _get(self, request: Mapping[str, Any], timeout: float) -> bool:
        """Return whether a GET succeeds; the kubelet does not verify certificates."""
        if request.get("scheme") == "HTTPS":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=timeout, context=context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", request["path"])
            return 200 <= connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()


def here(text: str, folders: Mapping[str, Path]) -> str:
    """Replace mount paths by the folders of the test, the longest first."""
    for mount in sorted(folders, key=len, reverse=True):
        text = text.replace(mount, str(folders[mount]))
    return text


@contextmanager
def running_pod(objects: Objects, secrets: Mapping[str, Files], folder: Path) -> Iterator[Pod]:
    """Run the pod of the only Deployment until the end of the block.

    :param secrets: the files of each Secret and ConfigMap that the chart expects to exist.
    """
    (deployment,) = (one for one in objects.values() if one["kind"] == "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    folders = {mounts[volume["name"]]: folder / volume["name"] for volume in spec["volumes"]}
    for volume in spec["volumes"]:
        files = _files(volume, objects, secrets)
        write_volume(folder / volume["name"], {name: here(text, folders) for name, text in files.items()})
    pod = Pod(container, folders)
    try:
        yield pod
    finally:
        pod.process.kill()
        pod.process.wait()
        if pod.process.stderr:
            pod.process.stderr.close()


def _files(volume: Mapping[str, Any], objects: Objects, secrets: Mapping[str, Files]) -> Files:
    if "configMap" in volume:
        name = volume["configMap"]["name"]
        config_map = objects.get(f"ConfigMap/{name}")
        return config_map["data"] if config_map else secrets[name]
    name = volume["secret"]["secretName"]
    if secret := objects.get(f"Secret/{name}"):
        return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    return secrets[name]


def wait_for_probe(pod: Pod, name: str) -> None:
    """Probe until it succeeds, as the kubelet does at the start."""
    deadline = time.monotonic() + PATIENCE
    while not pod.probe(name):
        assert time.monotonic() < deadline, f"{name} never succeeds"
        time.sleep(0.1)
