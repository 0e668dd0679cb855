"""What each command does: the composition root."""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import structlog

from exporter import __version__
from exporter.app.exporter import Exporter
from exporter.app.reload import Reloader
from exporter.backups.risk import risks
from exporter.cli.check import Level, examine
from exporter.cli.demo import run_demo
from exporter.cli.report import Report, as_json, as_lines
from exporter.config.load import load_config
from exporter.config.schema import Config
from exporter.durations import parse_duration
from exporter.errors import ConfigError
from exporter.metrics.collector import render_text, write_text
from exporter.metrics.own import WebReloadCollector
from exporter.printable import printable
from exporter.results import ScrapeResult
from exporter.server.access_log import AccessLogMiddleware
from exporter.server.auth import BasicAuthMiddleware
from exporter.server.passwords import PasswordVerifier
from exporter.server.run import DEFAULT_PORT, listen, port_of, serve
from exporter.server.sighup import SighupReloads
from exporter.server.watched import WatchedWebConfig
from exporter.target.scraper import LONGEST_WALK, answer_once
from exporter.target.walk import TargetWalker
from exporter.web.discovery import ExternalUrl, is_address, parse_external_url

FAILED: Final = 1
EVERYWHERE: Final = {"", "0.0.0.0", "[::]"}  # noqa: S104 - which name no host
_PATH: Final = re.compile("(/[A-Za-z0-9._~-]+)+")


def serve_command(options: Namespace) -> int:
    """Serve the configured targets until a signal; return the exit status."""
    sighup = SighupReloads()
    with sighup.capture():
        _run(lambda: load_config(options.config, os.environ), options, sighup=sighup)
    return 0


def demo_command(options: Namespace) -> int:
    """Serve the embedded API's fleet until a signal; return the exit status."""
    with run_demo(options.seed) as demo:
        _run(lambda: demo.config, options, announce=demo.announce)
    return 0


def _run(
    load: Callable[[], Config],
    options: Namespace,
    announce: Callable[[str], None] | None = None,
    sighup: SighupReloads | None = None,
) -> None:
    log = structlog.get_logger()
    web = WatchedWebConfig(options.web_config, log)
    exporter = Exporter(load())
    reloader = Reloader(load, exporter.apply, exporter.reloads, log, exporter.clock)
    with ExitStack() as stack:
        stack.callback(exporter.close)
        addresses = options.addresses or [f":{DEFAULT_PORT}"]
        listeners = [stack.enter_context(listen(address)) for address in addresses]
        ports = [port_of(listener) for listener in listeners]
        app = exporter.application(
            telemetry_path=_telemetry_path(options),
            max_requests=options.max_requests,
            lifecycle=reloader.reload if options.lifecycle else None,
            place=_place(options.external_url, addresses, ports, web),
            web_reloads=WebReloadCollector(lambda: (web.last_reload_ok, web.loaded_at))
            if web.has_file
            else None,
        )
        passwords = PasswordVerifier()
        stack.callback(passwords.close)
        count_refusal = exporter.own_metrics.count_refusal
        guarded = AccessLogMiddleware(BasicAuthMiddleware(app, web, passwords, count_refusal))
        for address, port in zip(addresses, ports, strict=True):
            log.info(
                "listening",
                address=address,
                port=port,
                tls=web.tls is not None,
                targets=len(exporter.scrapers),
                version=__version__,
            )
        if announce:
            announce(f"http{'s' if web.tls else ''}://127.0.0.1:{ports[0]}")
        if sighup:  # and not the demo, which ends with its terminal
            stack.enter_context(sighup.reloading(reloader.reload, log))
        stack.enter_context(web.watched())

        def answer_who_waits() -> None:
            exporter.release_scrapes()
            passwords.close()

        serve(
            guarded,
            listeners,
            tls=lambda: web.tls,
            on_stop=answer_who_waits,
            headers=lambda: web.config.http_server_config.headers.pairs,
            refused=count_refusal,
        )


def _place(
    url: str | None, addresses: Sequence[str], ports: Sequence[int], web: WatchedWebConfig
) -> ExternalUrl | None:
    """Say where others reach us, if the command line does: its URL, else the host that it listens on."""
    if url is not None:
        return parse_external_url(url)
    hosts = (address.rpartition(":")[0] for address in addresses)
    named = (f"{host}:{port}" for host, port in zip(hosts, ports, strict=True) if host not in EVERYWHERE)
    address = next(filter(is_address, named), None)
    return ExternalUrl("https" if web.tls else "http", address) if address else None


def _telemetry_path(options: Namespace) -> str:
    path: str = options.telemetry_path
    if not _PATH.fullmatch(path) or path in {"/probe", "/sd"} or path.startswith("/-/"):
        raise ConfigError(
            f"--web.telemetry-path: found {path!r}, allowed: a path such as /metrics that nothing else has"
        )
    return path


def check_command(options: Namespace) -> int:
    """Try each target once and print what was found; return the exit status."""
    interval = _interval(options.scrape_interval)
    web = WatchedWebConfig(
        options.web_config, structlog.get_logger()
    )  # what is wrong with it is a `ConfigError`
    if options.output == "text":
        for warning in web.config.basic_auth_users.warnings:
            print(f"{Level.WARN}  {warning}")
    reports = []
    with closing(Exporter(load_config(options.config, os.environ))) as exporter:
        for walk in exporter.walks.values():
            reports.append(_examined(walk, interval))
            if options.output == "text":
                print("\n".join(as_lines(reports[-1], coloured=_is_coloured())))
    if options.output == "json":
        print(as_json(reports))
    return 0 if all(report.is_well for report in reports) else FAILED


def _examined(walk: TargetWalker, interval: float) -> Report:
    outcome = walk(LONGEST_WALK, patience=LONGEST_WALK)
    found = outcome.snapshot.assessments if outcome.snapshot else ()
    target = walk.api.target
    at_risk = risks(found, walk.api.clock.now())
    return Report(target.name, str(target.url), list(examine(walk, outcome, interval)), at_risk)


def _is_coloured() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _interval(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if not seconds:
        raise ConfigError(
            f"--scrape-interval: found {text!r}, allowed: a duration above zero, such as 15s or 1m"
        )
    return seconds


def once_command(options: Namespace) -> int:
    """Print or write the metrics of one walk; return the exit status."""
    with closing(Exporter(load_config(options.config, os.environ))) as exporter:
        name = exporter.target(options.target)
        outcome = exporter.walks[name](LONGEST_WALK, patience=LONGEST_WALK)
        answer = answer_once(outcome, exporter.apis[name].clock.now())
    problem = f"{name}: {outcome.error.reason}: {outcome.error}" if outcome.error else None
    if not options.output:
        sys.stdout.write(render_text(answer))
    elif not problem:
        problem = _write(answer, options.output)
    if problem:
        print(printable(problem), file=sys.stderr)
    return FAILED if problem else 0


def _write(answer: ScrapeResult, path: Path) -> str | None:
    """Write the file, or return what is wrong: the command ran, so this is not a usage error."""
    try:
        write_text(answer, path)
    except OSError as error:
        return f"--output: cannot write {path}: {error.strerror}"
    return None
