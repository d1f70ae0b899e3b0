"""The event log and the one transaction through which everything enters it."""
