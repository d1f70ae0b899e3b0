"""Mail: templates, preferences, and sending each mail once."""
