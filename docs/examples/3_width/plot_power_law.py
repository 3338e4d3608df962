"""
A width study with a power law
==============================

Networks that are four times as wide move half as far: the distance from the start falls
as m^(−1/2), and the accuracy does not care.
"""

# %%
# :func:`~overparam_sk.model_selection.width_study` fits an estimator at each width,
# several times with seeds of their own. Without a ``scoring`` it measures accuracy and
# the diagnostics. Step and number of steps are given, so that all widths train alike.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import fit_power_law, width_study

plt.style.use("overparam_sk.drawing.displays")
X, y = load_digits(return_X_y=True)
X /= 16  # grey values from 0 to 1
net = OverparamReLUClassifier(
    learning_rate=1, batch_size=64, max_iter=200, diagnostics=("relative_distance",)
)
study = width_study(
    net,
    X[:300],
    y[:300],
    X_test=X[300:],
    y_test=y[300:],
    values=[50, 200, 800, 3200],
    repeats=3,
    random_state=0,
)

# %%
# :func:`~overparam_sk.model_selection.fit_power_law` fits c·m^(−p), with an interval
# for p from a bootstrap of the repeats. Li and Liang (2018, appendix D.1, Figure 5) saw
# "that the distances scale roughly as O(1/√m)".
# :class:`~overparam_sk.plotting.WidthStudyDisplay` draws a study in one line.

law = fit_power_law(study, "relative_distance")
print(law)
frame = study.to_frame()
widths = sorted(set(frame["width"]))
figure, axes = plt.subplots(1, 2, figsize=(9, 4))
axes[0].semilogx(frame["width"], 100 * frame["accuracy"], "o", mfc="none")
axes[0].set(xlabel="width m", ylabel="right on test samples, in %", ylim=(0, 100))
axes[1].loglog(frame["width"], frame[law.metric], "o", mfc="none", label="fits")
fitted = [law.c * m**-law.p for m in widths]
axes[1].plot(widths, fitted, "k--", label=f"$m^{{-{law.p:.2f}}}$")
axes[1].set(xlabel="width m", ylabel="‖W − W(0)‖ / ‖W(0)‖")
axes[1].legend()
plt.show()
