"""What an object is and does, in words and checksums that another session compares.

``describe`` says it in words, as far as they go, and ``fingerprint`` in one checksum;
what cannot be described soundly is refused. Both follow an object as pickle does, and
the user's functions and classes into their code and all that it names.
"""

from overparam_sk.fingerprints.descriptions import describe, differences, fingerprint
from overparam_sk.fingerprints.graph import CannotDescribeError

__all__ = ["CannotDescribeError", "describe", "differences", "fingerprint"]
