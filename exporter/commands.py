"""What each command does: the composition root."""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

import structlog

from exporter import __version__
from exporter.assembly import Exporter
from exporter.check import Level, examine
from exporter.collector import render_text, write_text
from exporter.config import Config
from exporter.config_file import load_config
from exporter.demo import run_demo
from exporter.durations import parse_duration
from exporter.errors import ConfigError
from exporter.model import Answer
from exporter.scrape import LONGEST_WALK
from exporter.server import listen, port_of, serve

FAILED: Final = 1
_PATH: Final = re.compile("(/[A-Za-z0-9._~-]+)+")
COLOURS: Final = {Level.OK: "\x1b[32m", Level.WARN: "\x1b[33m", Level.FAIL: "\x1b[31m"}


def serve_command(options: Namespace) -> int:
    """Serve the configured targets until a signal; return the exit status."""
    _run(load_config(options.config, os.environ), options)
    return 0


def demo_command(options: Namespace) -> int:
    """Serve the embedded API's fleet until a signal; return the exit status."""
    with run_demo(options.seed) as demo:
        _run(demo.config, options, announce=demo.announce)
    return 0


def _run(config: Config, options: Namespace, announce: Callable[[int], None] | None = None) -> None:
    exporter = Exporter(config)
    app = exporter.application(telemetry_path=_telemetry_path(options), max_requests=options.max_requests)
    with listen(options.address) as listener:
        port = port_of(listener)
        structlog.get_logger().info(
            "listening", address=options.address, port=port, targets=len(config.targets), version=__version__
        )
        if announce:
            announce(port)
        try:
            serve(app, listener, on_stop=exporter.release_scrapes)
        finally:
            exporter.close()


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
    config = load_config(options.config, os.environ)
    exporter = Exporter(config)
    failed = False
    for target in config.targets:
        print(f"{target.name}  {target.url}")
        outcome = exporter.walks[target.name](LONGEST_WALK)
        for finding in examine(target, outcome, exporter.apis[target.name].budget, interval):
            print(f"  {_coloured(finding.level, sys.stdout)}  {finding.text}")
            failed = failed or finding.level is Level.FAIL
    exporter.close()
    return FAILED if failed else 0


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


def _coloured(level: Level, stream: TextIO) -> str:
    word = f"{level.value:4}"
    return f"{COLOURS[level]}{word}\x1b[0m" if stream.isatty() and "NO_COLOR" not in os.environ else word


def once_command(options: Namespace) -> int:
    """Print or write the metrics of one scrape; return the exit status."""
    exporter = Exporter(load_config(options.config, os.environ))
    answer = exporter.scrapers[exporter.target(options.target)].scrape(LONGEST_WALK)
    exporter.close()
    if answer.up and options.output:
        _write(answer, options.output)
    elif not options.output:
        sys.stdout.write(render_text(answer))
    return 0 if answer.up else FAILED


def _write(answer: Answer, path: Path) -> None:
    try:
        write_text(answer, path)
    except OSError as error:
        raise ConfigError(f"--output: cannot write {path}: {error.strerror}") from None
