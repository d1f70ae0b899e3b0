"""Groups of users, and what is done for them."""
