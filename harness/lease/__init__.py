"""What is ours: labels, claimed ports, turns."""
