"""What every test may use: see tests/infra.py."""

pytest_plugins = ["tests.infra"]
