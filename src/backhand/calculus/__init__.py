"""Working things out: the forward pass, the chain rule, updates, counts, and the answer to each ask."""
