"""What a run comes to when something breaks under it."""
