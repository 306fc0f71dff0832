"""Encoded images as tensors, and the layers that normalise and augment them."""
