"""Options of the test run: --live talks to the real services, for whoever has a network."""

import pytest


def pytest_addoption(parser):
    """Add --live."""
    parser.addoption("--live", action="store_true", help="run the tests that talk to the real arXiv, GitHub and others")


def pytest_collection_modifyitems(config, items):
    """Skip what is marked live unless asked for."""
    if config.getoption("--live"):
        return
    skip = pytest.mark.skip(reason="talks to the real services: run with --live")
    for item in items:
        if "live" in item.keywords:
            item.add_marker(skip)
