"""Containers of the Docker Engine, and beside them services that are none."""
