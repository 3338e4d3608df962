"""Does a study by name: python -m faults.drive NAME STORE LOG."""

import signal
import sys
import tempfile
import time
from pathlib import Path

from faults import studies

if __name__ == "__main__":
    # A job in the background may have been started with Ctrl-C switched off.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    name, store, log = sys.argv[1:]
    study = getattr(studies, name)
    if name == "nets":
        # The workers' imports take longer than the study.
        with tempfile.TemporaryDirectory() as folder:
            study(None, Path(folder) / "log", repeats=1)
    print("begins", flush=True)
    started = time.perf_counter()
    study(Path(store), Path(log))
    print(time.perf_counter() - started, flush=True)
