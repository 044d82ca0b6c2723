"""The life of a stack, and the fleet that leases stacks to tests."""
