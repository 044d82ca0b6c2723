"""What runs a stack. Effects stand here; nothing in this room decides anything."""
