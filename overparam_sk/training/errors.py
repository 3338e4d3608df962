"""What training raises."""

__all__ = ["DivergenceError"]


class DivergenceError(ValueError, FloatingPointError):
    """The outputs of the network stopped being finite numbers during training."""
