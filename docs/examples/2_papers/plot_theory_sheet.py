"""
What the theorems ask of one's own data
=======================================

How wide would a network have to be for Li and Liang's theorem to speak of these data?
The theory sheet puts the numbers that a theorem asks for beside those that are there.
"""

# %%
# Half of the breast cancer data, columns to one scale and rows to norm 1, as the
# paper's assumption (A2) has it.

from dataclasses import replace

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.theory import theory_sheet

X, y = load_breast_cancer(return_X_y=True)
X = make_pipeline(StandardScaler(), Normalizer()).fit_transform(X)
net = OverparamReLUClassifier(
    width=1000, learning_rate=10, max_iter=400, fit_intercept=False, random_state=0
).fit(X[::2], y[::2])
print(f"right on the other half: {net.score(X[1::2], y[1::2]):.1%}")

# %%
# :func:`~overparam_sk.theory.theory_sheet` cuts the classes into components and
# measures their distance and diameters (assumption (A1)); every constant that the paper
# hides in an O(·) is taken as 1.

sheet = theory_sheet(net, X[::2], y[::2], epsilon=0.05)
for row in sheet["Theorem 4.1"]:
    print(f"{row.symbol:6} {row.comparison:50} {row.verdict}")

# %%
# Drawn, a marker is what is there, a bar what is asked, and the letter the quantity
# that costs most powers of ten. No computer holds the m of the theorem, and 1000
# neurons learn all the same: it says what can be proved, not what is needed.
# ``sheet.plot()`` has the assumptions and lemmas, too.

replace(sheet, rows=tuple(sheet["Theorem 4.1"])).plot()
plt.show()
