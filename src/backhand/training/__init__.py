"""Training: the derivation as a compiled loop, and what people fit with it."""
