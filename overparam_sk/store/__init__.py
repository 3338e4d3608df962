"""The folder of a study: what it is made of, its finished fits, its data, and a lock.

Every file says itself whether it is whole. Nothing is unpickled but what the same call
has laid down, and links out of the folder are refused.
"""

from overparam_sk.store.checked_files import (
    DamagedFileError,
    check_can_be_written,
    digest,
    write_checked,
)
from overparam_sk.store.data import DataNotHereError, DataReference
from overparam_sk.store.folder import Store, configuration_of, read_fits
from overparam_sk.store.schema import FORMAT, read_record, read_study

__all__ = [
    "FORMAT",
    "DamagedFileError",
    "DataNotHereError",
    "DataReference",
    "Store",
    "check_can_be_written",
    "configuration_of",
    "digest",
    "read_fits",
    "read_record",
    "read_study",
    "write_checked",
]
