"""What a worker has to import; it does not find test modules."""

import os
from pathlib import Path

from model_selection.counted import Counted


class Plants(Counted):
    """Overwrites the data of the study after it has read it."""

    def __init__(self, log=None, width=1, content=b"", random_state=None):
        super().__init__(log, width, None, random_state)
        self.content = content

    def fit(self, X, y):
        for path in (Path(self.log).parent / "store" / "data").iterdir():
            beside = path.with_name(f"{os.getpid()}.new")
            beside.write_bytes(self.content)
            beside.replace(path)
        return super().fit(X, y)
