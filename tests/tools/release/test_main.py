"""The command line of the release."""

import pytest

from tools.programs import UnavailableError
from tools.release.__main__ import architecture_of


def test_machines_have_debian_s_names() -> None:
    """Packages are built for the machine's architecture, by the name that Debian gives it."""
    assert [architecture_of(machine) for machine in ("x86_64", "aarch64")] == ["amd64", "arm64"]


def test_other_machines_have_no_packages() -> None:
    """The error names the machines that have some."""
    with pytest.raises(UnavailableError, match="no packages for riscv64, only for x86_64, aarch64"):
        architecture_of("riscv64")
