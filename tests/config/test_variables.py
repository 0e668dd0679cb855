"""Each scalar key of a target and of an objective has one environment variable."""

from collections.abc import Iterator

import pytest
from msgspec import Struct, inspect

from exporter.config import Objective, Target, TlsConfig
from exporter.config.variables import (
    CREDENTIAL_VARIABLES,
    OBJECTIVE_VARIABLES,
    SHARED_VARIABLES,
    TARGET_VARIABLES,
    VARIABLES,
    document_of,
)

LISTS_AND_BLOCKS = {"expected_instances", "exclude", "statuses", "tls_config", "match", "labels"}
"""The keys without a variable: a text cannot hold them."""


def scalars(*blocks: type[Struct]) -> Iterator[str]:
    """Yield the keys of blocks that hold one value."""
    for block in blocks:
        yield from (key for key in block.__struct_fields__ if key not in LISTS_AND_BLOCKS)


def test_every_scalar_key_has_a_variable_of_its_own() -> None:
    """No key is forgotten and no two keys share a variable; the target's name is always `default`."""
    of_a_target = {variable.path[-1] for variable in TARGET_VARIABLES.values()}
    of_an_objective = {variable.path[-1] for variable in OBJECTIVE_VARIABLES.values()}

    assert of_a_target == set(scalars(Target, TlsConfig)) - {"name"}
    assert of_an_objective == set(scalars(Objective))
    assert len(VARIABLES) == len(of_a_target) + len(of_an_objective)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("BYCLOUD_API_KEY", "api_key"),
        ("BYCLOUD_API_TOKEN_FILE", "token_file"),
        ("BYCLOUD_API_URL", "url"),
        ("BYCLOUD_API_TIER", "api_tier"),
        ("BYCLOUD_SIZE_UNIT", "size_unit"),
        ("BYCLOUD_TLS_CONFIG_CA_FILE", "tls_config.ca_file"),
        ("BYCLOUD_MAX_FULL_AGE", "max_full_age"),
    ],
)
def test_a_variable_is_named_like_its_key(name: str, key: str) -> None:
    """The API's address and credentials have API in the name."""
    assert VARIABLES[name].key == key


def test_credentials_and_the_address_are_shared_with_other_tools() -> None:
    """They are the four credentials and the address."""
    assert set(CREDENTIAL_VARIABLES) == {
        "BYCLOUD_API_KEY",
        "BYCLOUD_API_KEY_FILE",
        "BYCLOUD_API_TOKEN",
        "BYCLOUD_API_TOKEN_FILE",
    }
    assert {*CREDENTIAL_VARIABLES, "BYCLOUD_API_URL"} == SHARED_VARIABLES


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("BYCLOUD_PAGE_SIZE", "500", 500),
        ("BYCLOUD_PAGE_SIZE", "auto", "auto"),
        ("BYCLOUD_PAGE_SIZE", "null", "null"),
        ("BYCLOUD_PAGE_SIZE", "[1", "[1"),
        ("BYCLOUD_BUDGET_SHARE", "0.25", 0.25),
        ("BYCLOUD_API_TOKEN", "12345", "12345"),
        ("BYCLOUD_INSTANCES", "on", "on"),
        ("BYCLOUD_MAX_AGE", "0", "0"),
    ],
)
def test_a_value_is_read_as_in_a_file(name: str, text: str, value: object) -> None:
    """Where a key takes a number, a text that is one becomes one; any other text stays as it is."""
    assert VARIABLES[name].read(text) == value


def test_a_block_s_variables_make_a_block() -> None:
    """An empty variable counts as absent."""
    environ = {
        "BYCLOUD_TLS_CONFIG_CA_FILE": "ca.pem",
        "BYCLOUD_TLS_CONFIG_INSECURE_SKIP_VERIFY": "true",
        "BYCLOUD_SIZE_UNIT": "",
    }

    assert document_of(environ, TARGET_VARIABLES) == {
        "tls_config": {"ca_file": "ca.pem", "insecure_skip_verify": True}
    }


def test_only_blocks_have_keys() -> None:
    """The types of all variables are scalars."""
    blocks = inspect.StructType | inspect.VarTupleType | inspect.FrozenSetType

    assert not [name for name, variable in VARIABLES.items() if isinstance(variable.type, blocks)]
