"""Files of events: every line becomes a write, or a reject with its number and reason."""
