"""The example's integration tests: they drive the system under ``compose/``."""
