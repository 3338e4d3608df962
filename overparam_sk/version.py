"""The version of the package, said here alone: the build reads it too."""

__version__ = "0.1.0"
