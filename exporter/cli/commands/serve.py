"""`serve`: the configured targets over HTTP."""

import os
from argparse import Namespace
from functools import partial

from exporter.cli.serving import Service
from exporter.config import Config
from exporter.config.load import reload_config
from exporter.server.sighup import SighupReloads


def run(options: Namespace, config: Config) -> int:
    """Serve until SIGTERM or SIGINT; a SIGHUP reloads the configuration."""
    sighup = SighupReloads()
    with sighup.capture():
        Service(options, partial(reload_config, options.config, os.environ), sighup=sighup).run(config)
    return 0
