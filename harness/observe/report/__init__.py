"""The report of a run: a page to look at, drawn from the journal alone.

Events become a model (frozen, pure), the model becomes a page; only ``folder`` touches files.
"""
