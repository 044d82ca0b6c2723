"""What a team sees of services that several tests share: pytest runs inside pytest."""
