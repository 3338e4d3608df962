"""What training raises."""

__all__ = ["DivergenceError"]


class DivergenceError(ValueError, FloatingPointError):
    """The outputs of the network are no longer finite, or no unit is active."""
