"""The journal: everything that happens is an event in it, and what is shown is read from it."""
