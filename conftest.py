"""Gives the harness's own test-suite the ``pytester`` fixture: pytest runs inside pytest."""

pytest_plugins = ["pytester"]
