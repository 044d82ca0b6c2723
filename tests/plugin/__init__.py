"""What a user of the plugin sees: pytest runs inside pytest, on a team's project."""
