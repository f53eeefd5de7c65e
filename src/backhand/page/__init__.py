"""The interactive page: a network to touch, with its working beside it."""
