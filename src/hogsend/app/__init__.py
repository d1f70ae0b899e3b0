"""The composition root: puts the layers together and starts and stops them."""
