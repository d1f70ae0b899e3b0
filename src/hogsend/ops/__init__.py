"""What operators read and do, for the API, Studio and the CLI alike."""
