"""The configuration from a file and the environment, and the one line for each mistake."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import (
    DEFAULT_URL,
    NEVER,
    Config,
    Match,
    MaxDuration,
    Objective,
    Secret,
    Target,
    load_config,
)
from exporter.config.load import load_with_warnings, reload_config
from exporter.errors import ConfigError

EXAMPLE = """
targets:
  - name: production                 # unique; becomes /probe?target=production
    url: https://api.spo1.mycloud.com
    api_key_file: /run/secrets/bycloud   # or api_key, token, token_file; exactly one
    page_size: auto                  # or 1…; auto starts at 1000 and shrinks where the API refuses
    max_concurrency: 4               # requests in flight in one walk
    scrape_timeout: 30s              # where the scraper names none
    request_timeout: 10s
    min_walk_interval: 0s            # 0: every scrape walks
    stale_after: 5m                  # how long the last complete snapshot replaces a failed walk
    size_unit: bytes                 # bytes KB MB GB KiB MiB GiB: the vendor documents no unit
    tls_config: {ca_file: ca.pem, cert_file: /cert.pem, key_file: key.pem, insecure_skip_verify: false}
    proxy_url: http://user:hidden@proxy.example:3128
    api_tier: auto                   # or standard, professional, enterprise, unlimited
    budget_share: 0.5                # how much of the API's budget we use
    instances: auto                  # walk /v1/database-instances too: auto, on, off (§5)
    expected_instances:              # databases that must have backups, with a name for people
      - {id: 550e8400-e29b-41d4-a716-446655440000, name: orders-db, datastore_type: postgresql}
    statuses:                        # the vendor documents no list: these are the defaults
      usable: [COMPLETED, RESTORED]
      running: [NEW, BUILDING, SAVING]
      failed: [FAILED]
      other: [DELETE_FAILED, DELETING, DELETED]
objectives:                          # what is required of a database's backups; the first match applies
  - {match: {datastore_type: redis}, max_age: 7d}
  - {match: {instance_name: "dev-*"}, max_age: never}
  - {match: {instance_id: 550e8400-e29b-41d4-a716-446655440000}, max_age: 1h, max_duration: 30m}
  - {max_age: 30h, max_duration: 6h}
"""
COUNT = "a whole number from 1 to 1,000,000,000"
KEYS = (
    "name, url, api_key, api_key_file, token, token_file, page_size, max_concurrency, scrape_timeout,"
    " request_timeout, min_walk_interval, stale_after, size_unit, tls_config, proxy_url, api_tier,"
    " budget_share, instances, expected_instances, exclude, chains, max_backups, statuses"
)
ADDRESS = "an address such as https://api.spo1.mycloud.com, without user, query or fragment"
PROXY = (
    "http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before HOST if needed and special"
    " characters percent-encoded (# is %23, / %2F, ? %3F, @ %40)"
)
PERIOD = "a duration above zero and up to 1d, such as 10s or 1m"


def load(folder: Path, text: str) -> Config:
    """Load a configuration of this text, with an empty environment."""
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {})


def one(folder: Path, settings: str) -> Target:
    """Load one target with these settings."""
    return load(folder, f"targets: [{{name: one, {settings}}}]").targets[0]


def test_every_key_can_be_configured(tmp_path: Path) -> None:
    """The example has the defaults, except where a setting has none."""
    config = load(tmp_path, EXAMPLE)
    target = config.targets[0]
    plain = Target(name="production", api_key_file=Path("/run/secrets/bycloud"))

    assert target.url == plain.url == DEFAULT_URL
    assert target.credential == plain.credential
    for key in (
        "page_size",
        "max_concurrency",
        "scrape_timeout",
        "request_timeout",
        "min_walk_interval",
        "stale_after",
        "size_unit",
        "api_tier",
        "budget_share",
        "instances",
        "statuses",
    ):
        assert getattr(target, key) == getattr(plain, key), key
    assert target.tls_config.ca_file == tmp_path / "ca.pem"
    assert target.tls_config.cert_file == Path("/cert.pem")
    assert target.proxy_url is not None
    assert target.proxy_url.reveal() == "http://user:hidden@proxy.example:3128"
    assert target.expected_instances[0].name == "orders-db"
    assert config.objectives == (
        Objective(match=Match(datastore_type="redis"), max_age=MaxDuration(604_800)),
        Objective(match=Match(instance_name="dev-*"), max_age=NEVER),
        Objective(
            match=Match(instance_id="550e8400-e29b-41d4-a716-446655440000"),
            max_age=MaxDuration(3600),
            max_duration=MaxDuration(1800),
        ),
        *Config().objectives,
    )


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            "page_size: 0",
            f"targets[0].page_size: found 0, allowed: {COUNT} or auto",
        ),
        (
            "page_size: true",
            f"targets[0].page_size: found true, allowed: {COUNT} or auto",
        ),
        (
            "max_concurrency: 1.5",
            "targets[0].max_concurrency: found 1.5, allowed: a whole number from 1 to 1,000",
        ),
        (
            "max_concurrency: 1000000000",
            "targets[0].max_concurrency: found 1000000000, allowed: a whole number from 1 to 1,000",
        ),
        ("scrape_timeout: 0s", f"targets[0].scrape_timeout: found '0s', allowed: {PERIOD}"),
        ("scrape_timeout: 30", f"targets[0].scrape_timeout: found 30, allowed: {PERIOD}"),
        ("request_timeout: 2d", f"targets[0].request_timeout: found '2d', allowed: {PERIOD}"),
        ("request_timeout: null", f"targets[0].request_timeout: found nothing, allowed: {PERIOD}"),
        (
            "stale_after: -5m",
            "targets[0].stale_after: found '-5m', allowed: a duration such as 90s, 5m, 1h30m or 7d",
        ),
        (
            "size_unit: TB",
            "targets[0].size_unit: found 'TB', allowed: GB, GiB, KB, KiB, MB, MiB, auto, bytes",
        ),
        ("url: ftp://x", f"targets[0].url: found 'ftp://x', allowed: {ADDRESS}"),
        ("url: 'https://me:hidden@x'", f"targets[0].url: found 'https://…@x', allowed: {ADDRESS}"),
        ("url: 'https://me:hid/den#?@x/y'", f"targets[0].url: found 'https://…@x/y', allowed: {ADDRESS}"),
        ("url: 'https://x?token=hidden'", f"targets[0].url: found 'https://x?…', allowed: {ADDRESS}"),
        ("url: 5", f"targets[0].url: found 5, allowed: {ADDRESS}"),
        (
            "proxy_url: hidden",
            f"targets[0].proxy_url: is not the address of a proxy, allowed: {PROXY}",
        ),
        (
            "proxy_url: [hidden]",
            f"targets[0].proxy_url: found a list, allowed: {PROXY}",
        ),
        ("tls_config: {key_file: k}", "targets[0].tls_config.key_file: needs a cert_file as well"),
        (
            "tls_config: {insecure_skip_verify: yes}",
            "targets[0].tls_config.insecure_skip_verify: found 'yes', allowed: true or false",
        ),
        ("tls_config: {ca_file: ''}", "targets[0].tls_config.ca_file: found '', allowed: the path of a file"),
        (
            "api_tier: gold",
            "targets[0].api_tier: found 'gold', allowed: auto, enterprise, professional, standard, unlimited",
        ),
        ("budget_share: 1.5", "targets[0].budget_share: found 1.5, allowed: a number above 0, at most 1"),
        ("instances: true", "targets[0].instances: found true, allowed: auto, off, on"),
        ("expected_instances: [{name: x}]", "targets[0].expected_instances[0]: the key id is missing"),
        (
            "expected_instances: [{id: x, type: y}]",
            (
                "targets[0].expected_instances[0]: unknown key 'type',"
                " allowed: the keys id, name, datastore_type"
            ),
        ),
        (
            "statuses: {usable: COMPLETED}",
            "targets[0].statuses.usable: found a value of another type, allowed: a list",
        ),
        ("statuses: {usable: [1]}", "targets[0].statuses.usable[0]: found 1, allowed: text"),
        ("pagesize: 5", f"targets[0]: unknown key 'pagesize', allowed: the keys {KEYS}"),
        (
            "token: hidden",
            (
                "targets[0]: found api_key and token,"
                " allowed: exactly one of api_key, api_key_file, token, token_file"
            ),
        ),
        ("name: again", "line 1, column 45: duplicate key 'name'"),
    ],
)
def test_a_mistake_in_a_target_is_one_line(tmp_path: Path, settings: str, line: str) -> None:
    """The line names the file, the key, what was found and what is allowed, and has no secret."""
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, f"targets: [{{name: one, api_key: 'id:hidden', {settings}}}]")

    assert str(raised.value) == f"{tmp_path / 'config.yml'}: {line}"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "found a list, allowed: the keys targets, objectives"),
        ("target: []", "unknown key 'target', allowed: the keys targets, objectives"),
        ("targets: 12:30", "targets: found a value of another type, allowed: a list"),
        ("targets: [{api_key: hidden}]", "targets[0]: the key name is missing"),
        (
            "targets: [{name: a}]",
            (
                "targets[0]: found no credential,"
                " allowed: exactly one of api_key, api_key_file, token, token_file"
            ),
        ),
        (
            "targets: [{name: a, token: k}, {name: a, token: k}]",
            "targets: found the name 'a' twice, allowed: each name once",
        ),
        (
            'targets: [{name: a, api_key: "hid\\nden"}]',
            (
                "targets[0].api_key: has a line break, a space or another character"
                " that no HTTP header can carry"
            ),
        ),
        (
            "targets: [{name: a, api_key: hidden}]",
            (
                "targets[0].api_key: is not an access key's ID and secret, joined by a colon,"
                " allowed: ACCESS_KEY_ID:SECRET_ACCESS_KEY"
            ),
        ),
        (
            "targets: [{name: a, token: 12345}]",
            "targets[0].token: found a value of another type, allowed: text",
        ),
        ("targets: [{name: a, token: *hidden}]", "line 1, column 28: found undefined alias"),
        (
            "objectives: [{match: {instance: x}}]",
            (
                "objectives[0].match: unknown key 'instance',"
                " allowed: the keys instance_id, instance_name, datastore_type"
            ),
        ),
        (
            "objectives: [{max_age: 26}]",
            "objectives[0].max_age: found 26, allowed: a duration above zero, such as 30h or 7d, or never",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    """The line names the file, the key, what was found and what is allowed, and has no secret."""
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)

    assert str(raised.value) == f"{tmp_path / 'config.yml'}: {line}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file names the flag; a file that is not UTF-8 names itself."""
    path = tmp_path / "config.yml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError) as no_text:
        load_config(path, {})
    with pytest.raises(ConfigError) as no_file:
        load_config(tmp_path / "gone.yml", {})

    assert str(no_text.value) == f"{path}: found bytes that are not UTF-8 at offset 3, allowed: YAML in UTF-8"
    assert (
        str(no_file.value) == f"--config.file: cannot read {tmp_path / 'gone.yml'}: No such file or directory"
    )


def test_a_reload_reads_no_fifo(tmp_path: Path) -> None:
    """It could wait for a writer without end. Other files are read, or refused, as at the start."""
    fifo, plain = tmp_path / "fifo", tmp_path / "config.yml"
    os.mkfifo(fifo)
    plain.write_text("targets: [{name: a, token: b}]")
    errors = []
    for path in (fifo, tmp_path, tmp_path / "gone.yml", tmp_path / ("x" * 300)):
        with pytest.raises(ConfigError) as raised:
            reload_config(path, {})
        errors.append(str(raised.value).removeprefix(f"--config.file: cannot read {path}: "))

    assert errors == [
        "not a regular file",
        "Is a directory",
        "No such file or directory",
        "File name too long",
    ]
    assert [target.name for target in reload_config(plain, {}).targets] == ["a"]


@pytest.mark.parametrize("word", ["on", "off", "auto"])
def test_switches_stay_words(tmp_path: Path, word: str) -> None:
    """YAML 1.1 would read two of them as booleans."""
    assert one(tmp_path, f"token: t, instances: {word}").instances == word


def test_relative_files_are_relative_to_the_file(tmp_path: Path) -> None:
    """As in Prometheus's configuration; absolute paths stay as they are."""
    (tmp_path / "key").write_text("id:secret")

    assert one(tmp_path, "api_key_file: key").credential.read() == Secret("id:secret")
    assert one(tmp_path, "token_file: /k").token_file == Path("/k")
    assert one(tmp_path, "token: t").tls_config.ca_file is None


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    """Neither `str` nor `repr` of the configuration has a secret, however it was configured."""
    text = (
        "targets: [{name: a, api_key: 'id:hidden', proxy_url: 'http://u:hidden@p'}, {name: b, token: hidden}]"
    )
    config = load(tmp_path, text)

    assert "hidden" not in f"{config} {config!r} {config.targets[0]!r} {config.targets[0].credential!r}"
    assert config.targets[0].credential.read().reveal() == "id:hidden"
    assert config.targets[1].credential.kind == "token"


@pytest.mark.parametrize(
    ("variable", "kind"), [("BYCLOUD_API_KEY", "api_key"), ("BYCLOUD_API_TOKEN", "token")]
)
def test_the_environment_makes_a_target(tmp_path: Path, variable: str, kind: str) -> None:
    """It is called `default`; its secret is in a variable, or in a file that a variable names."""
    path = tmp_path / "secret"
    path.write_text("from:file")
    plain = load_config(None, {variable: "pl:ain", "BYCLOUD_API_URL": "http://127.0.0.1:9/"}).targets[0]
    filed = load_config(None, {f"{variable}_FILE": str(path), variable: ""}).targets[0]

    assert (plain.name, plain.url, plain.credential.kind) == ("default", "http://127.0.0.1:9", kind)
    assert (filed.name, filed.url, filed.credential.kind) == ("default", DEFAULT_URL, kind)
    assert plain.credential.read().reveal() == "pl:ain"
    assert filed.credential.read().reveal() == "from:file"


def test_the_environment_defines_the_target_if_the_file_has_none(tmp_path: Path) -> None:
    """Other settings of the file still apply; a file with targets ignores the environment."""
    path = tmp_path / "config.yml"
    path.write_text("objectives: []")
    config = load_config(path, {"BYCLOUD_API_KEY": "a:b"})
    path.write_text("")
    empty = load_config(path, {"BYCLOUD_API_KEY": "a:b"})
    path.write_text("targets: [{name: a, token: t}]")
    full = load_config(path, {"BYCLOUD_API_KEY": "a:b"})

    assert (config.targets[0].name, config.objectives) == ("default", ())
    assert (empty.targets[0].name, empty.objectives) == ("default", Config().objectives)
    assert full.targets[0].name == "a"


def test_the_environment_sets_the_objective_unless_the_file_names_objectives(tmp_path: Path) -> None:
    """Beside targets in the file, it does not count at all; what has no effect causes a warning."""
    path = tmp_path / "config.yml"
    environ = {"BYCLOUD_API_KEY": "a:b", "BYCLOUD_MAX_AGE": "never", "BYCLOUD_SIZE_UNIT": "GiB"}
    alone = load_with_warnings(None, environ)
    path.write_text("objectives: [{max_age: 1h}]")
    beside_objectives = load_with_warnings(path, environ)
    path.write_text("targets: [{name: a, token: t}]")
    beside_targets = load_with_warnings(path, environ)

    assert alone.config.objectives == (Objective(max_duration=MaxDuration(21_600)),)
    assert alone.warnings == ()
    assert beside_objectives.config.objectives == (Objective(max_age=MaxDuration(3600)),)
    assert beside_objectives.config.targets[0].size_unit == "GiB"
    assert len(beside_objectives.warnings) == 1
    assert beside_targets.config.objectives == Config().objectives
    assert beside_targets.config.targets[0].size_unit == "bytes"
    assert len(beside_targets.warnings) == 2


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {},
            (
                "found no credential, allowed: exactly one of BYCLOUD_API_KEY, BYCLOUD_API_KEY_FILE,"
                " BYCLOUD_API_TOKEN, BYCLOUD_API_TOKEN_FILE (or --config.file with `targets`)"
            ),
        ),
        (
            {"BYCLOUD_API_KEY": "hidden", "BYCLOUD_API_TOKEN": "hidden"},
            (
                "found BYCLOUD_API_KEY and BYCLOUD_API_TOKEN, allowed: exactly one of BYCLOUD_API_KEY,"
                " BYCLOUD_API_KEY_FILE, BYCLOUD_API_TOKEN, BYCLOUD_API_TOKEN_FILE"
                " (or --config.file with `targets`)"
            ),
        ),
        (
            {"BYCLOUD_API_KEY": "hidden\n"},
            "BYCLOUD_API_KEY: has a line break, a space or another character that no HTTP header can carry",
        ),
        (
            {"BYCLOUD_API_KEY": "hidden"},
            (
                "BYCLOUD_API_KEY: is not an access key's ID and secret, joined by a colon,"
                " allowed: ACCESS_KEY_ID:SECRET_ACCESS_KEY"
            ),
        ),
        (
            {"BYCLOUD_API_KEY_FILE": "/nonexistent"},
            "BYCLOUD_API_KEY_FILE: cannot read /nonexistent: No such file or directory",
        ),
        (
            {"BYCLOUD_API_TOKEN_FILE": "/nonexistent\n\x1b[2J"},
            r"BYCLOUD_API_TOKEN_FILE: cannot read /nonexistent\n\x1b[2J: No such file or directory",
        ),
        (
            {"BYCLOUD_API_KEY": "hidden", "BYCLOUD_API_URL": "nowhere"},
            f"BYCLOUD_API_URL: found 'nowhere', allowed: {ADDRESS}",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(environ: dict[str, str], line: str) -> None:
    """The line names the variable and has no secret."""
    with pytest.raises(ConfigError) as raised:
        load_config(None, environ)

    assert str(raised.value) == f"environment: {line}"


@given(st.text(max_size=40))
def test_a_secret_is_accepted_or_refused_without_being_shown(text: str) -> None:
    """No error has the value of the variable."""
    secret = f"hidden{text}"
    try:
        target = load_config(None, {"BYCLOUD_API_TOKEN": secret}).targets[0]
    except ConfigError as error:
        assert "hidden" not in str(error)  # noqa: PT017 - either is right
    else:
        assert target.credential.read().reveal() == secret
        assert "hidden" not in repr(target)


@pytest.mark.parametrize("text", ["", "# nothing", "---", "objectives: []", "targets: []"])
def test_a_file_without_targets_and_no_credential(tmp_path: Path, text: str) -> None:
    """The line names the flag, the file and the variables."""
    path = tmp_path / "config.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_config(path, {"BYCLOUD_API_KEY": ""})

    assert str(raised.value) == (
        f"--config.file: {path} has no targets, and the environment has no credential,"
        " allowed: `targets` in the file, or one of BYCLOUD_API_KEY, BYCLOUD_API_KEY_FILE,"
        " BYCLOUD_API_TOKEN, BYCLOUD_API_TOKEN_FILE"
    )


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    """The line names the flag."""
    with pytest.raises(ConfigError, match=r"^--config\.file: cannot read .*: Is a directory$"):
        load_config(tmp_path, {})
