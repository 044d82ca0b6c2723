"""Pure decisions: what a test needs, what a stack's compose file says, what may start now."""
