"""Runs the services of a compose project as processes of this machine, without Docker."""
