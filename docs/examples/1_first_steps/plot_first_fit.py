"""
A first fit
===========

A wide network is an ordinary scikit-learn classifier. After ``fit`` it also tells what
training has done to it.
"""

# %%
# The digits of scikit-learn, half of them to test on. There is nothing to tune.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from overparam_sk import OverparamReLUClassifier

plt.style.use("overparam_sk.drawing.displays")
X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
net = OverparamReLUClassifier(width=1000, random_state=0)
net.fit(X, y, X_val=X_test, y_val=y_test)

# %%
# What the papers measure is there as fitted attributes: how many (neuron, sample) pairs
# switched on or off, how far the weights went, and how many directions of the update
# carry 99 % of it.

print(f"test accuracy      {net.score(X_test, y_test):.3f}")
print(f"activation change  {net.activation_change_:.3f}")
print(f"relative distance  {net.relative_distance_:.3f}")
print(f"effective rank     {net.effective_rank_} of {min(net.hidden_weights_.shape)}")

# %%
# ``history_`` has the course of each: nearly all digits are told apart after ten steps,
# before a quarter of the pairs has switched. The attributes are explained in the
# documentation of :class:`~overparam_sk.OverparamReLUClassifier`.

history = net.history_
courses = {
    "right on test samples": ("val_score", "o-"),
    "pairs switched": ("activation_change", "s--"),
    "distance of the weights": ("relative_distance", "^:"),
}
figure, ax = plt.subplots(figsize=(7, 4))
for label, (name, style) in courses.items():
    ax.plot(history["iteration"], 100 * history[name], style, label=label)
ax.set(xlabel="gradient steps", ylabel="percent", title="A network of 1000 neurons")
ax.legend()
plt.show()
