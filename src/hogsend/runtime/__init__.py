"""What background services share."""
