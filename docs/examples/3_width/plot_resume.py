"""
Resuming a study that was killed
================================

Hours of fits may end in a power cut. With a ``store`` each fit that is done is kept,
and the same call goes on where it stopped.
"""

# %%
# The study is a script, as it would be for a night's work.

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

from overparam_sk.model_selection import WidthStudy

plt.style.use("overparam_sk.drawing.displays")
folder = TemporaryDirectory()
script, store = Path(folder.name, "study.py"), Path(folder.name, "store")
_ = script.write_text("""
from sklearn.datasets import load_digits
from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import width_study

X, y = load_digits(return_X_y=True)
width_study(
    OverparamReLUClassifier(), X[::4], y[::4], X_test=X[1::4], y_test=y[1::4],
    values=[64, 128, 256, 512, 1024], repeats=3, random_state=0, store="store",
)
""")

# %%
# The process is killed when 5 of its 15 fits are there. Then the script runs again.

process = subprocess.Popen([sys.executable, script], cwd=folder.name)
while process.poll() is None and len([*store.glob("fits/*.json")]) < 5:
    time.sleep(0.01)
process.kill()
process.wait()
kept = WidthStudy.load(store).fits
subprocess.run([sys.executable, script], cwd=folder.name, check=True)
new = [fit for fit in WidthStudy.load(store).fits if fit not in kept]

# %%
# :class:`~overparam_sk.model_selection.WidthStudy` loads what is done. A fit is the
# same only if it took the same time as well, so nothing was done twice.

figure, ax = plt.subplots(figsize=(7, 3.6))
for name, fits, style in (("before the kill", kept, "C0s"), ("after", new, "C1o")):
    ax.plot([f.value for f in fits], [f.repeat for f in fits], style, ms=14, label=name)
ax.set_xscale("log", base=2)
ax.set(xlabel="width", ylabel="repeat", yticks=range(3), title="When it was fitted")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1), labelspacing=1)
plt.show()
