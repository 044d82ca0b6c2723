"""Configuration of the harness's own test-suite, which runs pytest inside of pytest."""

# What a run inside this process imports first, it forgets at its end; a half-forgotten `docker`
# would meet classes of its own twice.
import docker  # noqa: F401

pytest_plugins = ["pytester"]
