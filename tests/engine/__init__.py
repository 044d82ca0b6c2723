"""What the harness does on a real engine: each test starts real containers."""
