"""Checks: of a framework's gradients, operation by operation."""
