"""The version of the package and its site, said here alone: the build reads it too."""

__version__ = "0.1.0"
DOCUMENTATION = "https://overparam-sk.readthedocs.io/en/stable/"
