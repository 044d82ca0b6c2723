"""Putting the state of running services back, one file a technology."""
