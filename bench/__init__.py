"""How fast the harness is, against bars: ``python -m bench``."""
