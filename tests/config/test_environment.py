"""One target by environment variables, and a warning for each variable that has no effect."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Config, Duration, MaxDuration, Objective, PositiveDuration, Secret, Target
from exporter.config.environment import objective_from, target_from, unused_variables
from exporter.config.schema import DEFAULT_OBJECTIVE
from exporter.config.variables import VARIABLES
from exporter.errors import ConfigError

COUNT = "a whole number from 1 to 1,000,000,000"

KEY = {"BYCLOUD_API_KEY": "id:hidden"}
NOTHING = Config()
WITH_TARGETS = Config(targets=(Target(name="a", token=Secret("t")),))
WITH_OBJECTIVES = Config(objectives=(Objective(),))


def test_a_key_alone_makes_a_target_of_defaults() -> None:
    """The target is called `default`."""
    assert target_from(KEY) == Target(name="default", api_key=Secret("id:hidden"))
    assert objective_from(KEY) == DEFAULT_OBJECTIVE


def test_every_scalar_of_a_target_can_be_set() -> None:
    """Numbers, durations, words, paths and the values of `tls_config`."""
    target = target_from(
        KEY
        | {
            "BYCLOUD_PAGE_SIZE": "500",
            "BYCLOUD_BUDGET_SHARE": "1",
            "BYCLOUD_STALE_AFTER": "1h",
            "BYCLOUD_SIZE_UNIT": "GiB",
            "BYCLOUD_INSTANCES": "off",
            "BYCLOUD_MAX_BACKUPS": "50",
            "BYCLOUD_PROXY_URL": "http://user:hidden@proxy:3128",
            "BYCLOUD_TLS_CONFIG_CA_FILE": "/etc/ca.pem",
            "BYCLOUD_TLS_CONFIG_INSECURE_SKIP_VERIFY": "false",
        }
    )

    assert (target.page_size, target.budget_share, target.stale_after) == (500, 1.0, Duration(3600))
    assert (target.size_unit, target.instances, target.max_backups) == ("GiB", "off", 50)
    assert target.tls_config.ca_file == Path("/etc/ca.pem")
    assert target.proxy_url is not None
    assert "hidden" not in repr(target)


def test_the_objective_keeps_the_defaults_of_what_is_not_set() -> None:
    """`never` removes a default."""
    longer = objective_from({"BYCLOUD_MAX_AGE": "7d", "BYCLOUD_MAX_CHAIN": "14"})
    endless = objective_from({"BYCLOUD_MAX_DURATION": "never", "BYCLOUD_MIN_RETENTION": "30d"})

    assert longer == Objective(
        max_age=MaxDuration(604_800), max_duration=DEFAULT_OBJECTIVE.max_duration, max_chain=14
    )
    assert endless == Objective(max_age=DEFAULT_OBJECTIVE.max_age, min_retention=PositiveDuration(2_592_000))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("BYCLOUD_PAGE_SIZE", "0", f"found 0, allowed: {COUNT} or auto"),
        (
            "BYCLOUD_PAGE_SIZE",
            "many",
            f"found 'many', allowed: {COUNT} or auto",
        ),
        ("BYCLOUD_BUDGET_SHARE", "50%", "found '50%', allowed: a number above 0, at most 1"),
        ("BYCLOUD_CHAINS", "yes", "found 'yes', allowed: auto, follow, ignore"),
        ("BYCLOUD_MAX_BACKUPS", "-1", f"found -1, allowed: {COUNT}"),
        ("BYCLOUD_TLS_CONFIG_INSECURE_SKIP_VERIFY", "yes", "found 'yes', allowed: true or false"),
        ("BYCLOUD_TLS_CONFIG_KEY_FILE", "key.pem", "needs a cert_file as well"),
        ("BYCLOUD_STALE_AFTER", "5", "found '5', allowed: a duration such as 90s, 5m, 1h30m or 7d"),
    ],
)
def test_a_mistake_names_the_variable(name: str, text: str, line: str) -> None:
    """The line says what was found and what is allowed, as for a file."""
    with pytest.raises(ConfigError) as raised:
        target_from({**KEY, name: text})

    assert str(raised.value) == f"environment: {name}: {line}"


def test_a_mistake_in_the_objective_names_the_variable() -> None:
    """As for the target."""
    with pytest.raises(ConfigError) as raised:
        objective_from({"BYCLOUD_MAX_AGE": "tomorrow"})

    assert str(raised.value) == (
        "environment: BYCLOUD_MAX_AGE: found 'tomorrow', allowed: a duration above zero, such as 30h or 7d,"
        " or never"
    )


def test_a_proxy_s_password_is_never_shown() -> None:
    """Not even if the address cannot be used."""
    with pytest.raises(ConfigError) as raised:
        target_from(KEY | {"BYCLOUD_PROXY_URL": "http://user:hid#den@proxy"})

    assert "BYCLOUD_PROXY_URL: is not the address of a proxy" in str(raised.value)
    assert "hid" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        (
            "BYCLOUD_SIZEUNIT",
            "BYCLOUD_SIZEUNIT is no setting and has no effect (did you mean BYCLOUD_SIZE_UNIT?)",
        ),
        (
            "BYCLOUD_API_KEYFILE",
            "BYCLOUD_API_KEYFILE is no setting and has no effect (did you mean BYCLOUD_API_KEY_FILE?)",
        ),
        ("BYCLOUD_ZZZZZZZZZZZZZZZZZZZZZ", "BYCLOUD_ZZZZZZZZZZZZZZZZZZZZZ is no setting and has no effect"),
        ("BYCLOUD_\x1bZZZZZZZZZZZZZZ", r"BYCLOUD_\x1bZZZZZZZZZZZZZZ is no setting and has no effect"),
    ],
)
def test_an_unknown_variable_is_left_alone_with_one_warning(name: str, warning: str) -> None:
    """The warning suggests the nearest name, and never shows the value."""
    assert unused_variables({name: "hidden"}, NOTHING) == (warning,)


@pytest.mark.parametrize(
    "name",
    [
        "BYCLOUD_EXPORTER_REVISION",
        "BYCLOUD_BACKUP_EXPORTER_SERVICE_HOST",
        "BYCLOUD_BACKUP_EXPORTER_SERVICE_PORT_METRICS",
        "BYCLOUD_BACKUP_EXPORTER_PORT",
        "BYCLOUD_BACKUP_EXPORTER_PORT_10140_TCP_ADDR",
        "OTHER_VARIABLE",
    ],
)
def test_what_others_set_is_no_mistake(name: str) -> None:
    """The image sets its revision, and Kubernetes sets variables for each Service."""
    assert unused_variables({name: "x"}, NOTHING) == ()


def test_variables_beside_a_file() -> None:
    """Beside targets none counts, beside objectives those of the objective do not; an empty one is absent."""
    environ = KEY | {"BYCLOUD_API_URL": "http://x", "BYCLOUD_MAX_AGE": "1d", "BYCLOUD_CHAINS": ""}

    assert unused_variables(environ, NOTHING) == ()
    assert unused_variables(environ, WITH_TARGETS) == (
        "BYCLOUD_MAX_AGE has no effect: the configuration file names targets",
    )
    assert unused_variables(environ, WITH_OBJECTIVES) == (
        "BYCLOUD_MAX_AGE has no effect: the configuration file names objectives",
    )


@given(st.dictionaries(st.sampled_from(sorted(VARIABLES)), st.text(min_size=1, max_size=9)))
def test_a_known_variable_never_causes_a_warning_without_a_file(environ: dict[str, str]) -> None:
    """Whatever its value."""
    assert unused_variables(environ, NOTHING) == ()
