"""
A diagnostic of one's own
=========================

How many of its neurons does a network use on a sample? A class that counts, a
custom diagnostic, is enough to have it measured with every fit.
"""

# %%
# A diagnostic says what it looks at, adds up over what it is shown, a few neurons and
# samples at a time, and tells its value in the end. A
# :class:`~overparam_sk.diagnostics.PatternView` shows who is active on which rows.

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits

from overparam_sk import OverparamReLUClassifier
from overparam_sk.diagnostics import Diagnostic, PatternView

plt.style.use("overparam_sk.drawing.displays")


class ActiveShare(Diagnostic):
    """Share of the (neuron, sample) pairs in which the neuron is active."""

    name = "active_share"
    sees = PatternView

    def accumulate(self, view):
        active = torch.count_nonzero(view.active)
        self.add(torch.stack([active, torch.full_like(active, view.active.numel())]))

    def value(self):
        active, pairs = self.total.tolist()
        return active / pairs


# %%
# Given as a class among the ``diagnostics`` it is a fitted attribute and a column of
# ``history_``. :func:`~overparam_sk.diagnostics.register` makes it one of all
# estimators, width studies and searches too. Half of all pairs are active at the start.
# Narrow networks lose many of them in their first steps and win them back; wide ones
# hardly do.

X, y = load_digits(return_X_y=True)
figure, ax = plt.subplots(figsize=(7, 4))
for width, style in {20: "o-", 200: "s--", 2000: "^:"}.items():
    net = OverparamReLUClassifier(width, diagnostics=(ActiveShare,), random_state=0)
    net.fit(X, y)
    share = 100 * net.history_["active_share"]
    ax.plot(net.history_["iteration"], share, style, label=f"{width} neurons")
ax.set(xlabel="gradient steps", ylabel="active pairs, in %", ylim=(0, 60))
ax.legend()
plt.show()
