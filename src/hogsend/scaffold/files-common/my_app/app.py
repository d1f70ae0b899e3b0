"""The app: everything that `buckets` and `journeys` define, found by itself."""

from hogsend import create_client

client = create_client(app="my_app")
