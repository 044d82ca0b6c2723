"""The compose project as data: services, dependencies, ports. No I/O."""
