"""Packages a chart with Helm's library: `python helm_package.py CHART FOLDER`."""

import asyncio
import sys

import helm_sdkpy  # type: ignore[import-not-found] # it needs Python 3.12


async def package(chart: str, folder: str) -> None:
    """Write the chart's archive into a folder."""
    await helm_sdkpy.Package(helm_sdkpy.Configuration(namespace="default")).run(chart, folder)


if __name__ == "__main__":
    asyncio.run(package(*sys.argv[1:]))
