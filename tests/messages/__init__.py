"""What a user reads when something is wrong: one message, and nothing left behind."""
