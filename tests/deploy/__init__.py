"""Tests of what deploys the exporter: chart, manifests, image, packages."""
