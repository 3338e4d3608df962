"""
Any PyTorch module, in one's own loop
=====================================

Convolutions behave as the papers' networks do: the wider, the less they change. The
diagnostics go around any module and any training loop.
"""

# %%
# Two convolutions, the outputs of each layer divided by the root of its inputs (NTK
# parametrisation), so that one step serves all widths.

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy, relu

from overparam_sk.interop import TrainingDiagnostics

plt.style.use("overparam_sk.drawing.displays")


class Convolutions(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.head = nn.Linear(4 * channels, 10, bias=False)
        for weight in self.parameters():
            nn.init.normal_(weight)

    def forward(self, images):
        hidden = avg_pool2d(relu(self.first(images) / 3), 2)
        hidden = relu(self.second(hidden) * (2 / 9 / hidden.shape[1]) ** 0.5)
        return self.head(avg_pool2d(hidden, 2).flatten(1)) / hidden.shape[1] ** 0.5


# %%
# :class:`~overparam_sk.interop.TrainingDiagnostics` looks at the module where the
# ``with`` statement begins and where it ends; its ReLUs may be functions.

images, digits = map(torch.as_tensor, load_digits(return_X_y=True))
images = images.float().reshape(-1, 1, 8, 8) / 16
figure, ax = plt.subplots(figsize=(6, 4))
for channels in (4, 16, 64):
    torch.manual_seed(0)
    net = Convolutions(channels)
    optimizer = torch.optim.SGD(net.parameters(), lr=20.0)
    with TrainingDiagnostics(net, images, digits, n_samples=50) as found:
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            cross_entropy(net(images[rows]), digits[rows]).backward()
            optimizer.step()
    for distance, marker in zip(100 * found.relative_distance_, "os^", strict=True):
        ax.plot(str(channels), distance, "C0", marker=marker, ms=9)
ax.set(xlabel="channels", ylabel="‖W − W(0)‖ / ‖W(0)‖ in %", ylim=(0, None))
ax.legend(["first convolution", "second convolution", "readout"])
plt.show()
