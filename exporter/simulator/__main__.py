"""Run the simulated API: `python -m exporter.simulator`."""

from exporter.simulator.command import main

main()
