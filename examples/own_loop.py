"""Does a wider convolutional network move less? The diagnostics around one's own loop.

    python examples/own_loop.py

Two convolutions on the digits of scikit-learn, in NTK parametrisation: every layer's
outputs are divided by the root of its inputs, so that one step serves all widths. Some
twenty seconds on one core.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F  # noqa: N812

from overparam_sk.interop import TrainingDiagnostics

WIDTHS, EPOCHS, BATCH = (4, 16, 64), 10, 64


class Convolutions(nn.Module):
    """Weights of variance 1; a ReLU that is a function."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.head = nn.Linear(4 * channels, 10, bias=False)
        for layer in (self.first, self.second, self.head):
            nn.init.normal_(layer.weight)

    def forward(self, images):
        hidden = F.relu(self.first(images) / 3)
        hidden = F.avg_pool2d(hidden, 2)
        hidden = F.relu(self.second(hidden) * (2 / 9 / hidden.shape[1]) ** 0.5)
        hidden = F.avg_pool2d(hidden, 2).flatten(1)
        return self.head(hidden) / hidden.shape[1] ** 0.5


def main():
    """Train each width, print how far it went."""
    images, digits = map(torch.as_tensor, load_digits(return_X_y=True))
    images = images.float().reshape(-1, 1, 8, 8) / 16
    print("channels  loss   patterns changed  kernel's drift  λ_min")
    for channels in WIDTHS:
        torch.manual_seed(0)
        net = Convolutions(channels)
        optimizer = torch.optim.SGD(net.parameters(), lr=20.0)
        with TrainingDiagnostics(net, images, digits, n_samples=100) as diagnostics:
            for _ in range(EPOCHS):
                for batch in torch.randperm(len(images)).split(BATCH):
                    loss = F.cross_entropy(net(images[batch]), digits[batch])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                diagnostics.record(loss=F.cross_entropy(net(images), digits))
        loss = diagnostics.history_["loss"][-1]
        changed = str(diagnostics.activation_change_.round(3))
        drift, smallest = diagnostics.gram_drift_, diagnostics.gram_lambda_min_
        print(f"{channels:8} {loss:6.3f} {changed:18} {drift:10.2f} {smallest:10.1e}")


if __name__ == "__main__":
    main()
