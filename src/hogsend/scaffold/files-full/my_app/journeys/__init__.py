"""What happens over days. Every journey in a file here is found by itself."""
