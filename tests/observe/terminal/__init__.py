"""What a run shows in its terminal: while it works, and at its end."""
