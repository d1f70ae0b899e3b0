"""``hogsend new``: the app that people begin with."""
