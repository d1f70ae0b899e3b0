"""Who is in which group. Every bucket in a file here is found by itself."""
