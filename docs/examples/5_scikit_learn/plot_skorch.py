"""
The diagnostics in a skorch net
===============================

Schedules, checkpoints and loggers are skorch's. A network goes over to it, and what the
papers measure comes along as a callback.
"""

# %%
# ``to_skorch`` makes a net that goes on where a fitted estimator stands; here after a
# single step. :class:`~overparam_sk.interop.TrainingDiagnostics` writes its figures
# into the net's history, epoch by epoch.

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from skorch.callbacks import LRScheduler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.interop import TrainingDiagnostics

plt.style.use("overparam_sk.drawing.displays")
X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
start = OverparamReLUClassifier(1000, max_iter=1, learning_rate=1, random_state=0)
start.fit(X, y)


def trained(*callbacks):
    """A net after 15 epochs, its history in columns."""
    diagnostics = TrainingDiagnostics(names=("relative_distance",))
    net = start.to_skorch(lr=0.01, batch_size=64, callbacks=[diagnostics, *callbacks])
    torch.manual_seed(0)  # of the batches
    net.partial_fit(X, y, epochs=15)
    return net.history


# %%
# Annealed by one of PyTorch's schedules, the step goes to 0 and the weights come to
# rest; with a constant step they keep moving.

annealing = LRScheduler(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=15)
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True)
for name, history, style in (
    ("constant step", trained(), "s--"),
    ("cosine annealing", trained(annealing), "o-"),
):
    for ax, column in zip(axes, ("train_loss", "relative_distance"), strict=True):
        ax.plot(history[:, "epoch"], history[:, column], style, label=name)
axes[0].set(xlabel="epoch", ylabel="training loss in nats", yscale="log")
axes[1].set(
    xlabel="epoch", xticks=range(0, 16, 5), ylabel="‖W − W(0)‖ / ‖W(0)‖", ylim=(0, None)
)
axes[1].legend(loc="lower right")
plt.show()
