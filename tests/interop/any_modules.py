"""Modules of a user's own, of every kind that `TrainingDiagnostics` is to measure.

They write the inputs of their ReLUs onto ``tape``, where there is one.
"""

import threading

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

N = 7


class Taped(nn.Module):
    """Writes down what goes into its ReLUs."""

    tape = None

    def note(self, z):
        if self.tape is not None:
            self.tape.append(z.detach().clone())
        return z


class Functional(Taped):
    """Two hidden layers, and a ReLU that is a function."""

    def __init__(self, relu):
        super().__init__()
        self.first, self.second = nn.Linear(3, 5), nn.Linear(5, 4)
        self.head = nn.Linear(4, 2)
        self.relu = [relu]

    def forward(self, x):
        (relu,) = self.relu
        x = relu(self.note(self.first(x)))
        return self.head(relu(self.note(self.second(x))))


class Residual(Taped):
    """Convolutions with BatchNorm and Dropout between, added to what went in."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.block = nn.ModuleList(
            [nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.Dropout(0.3)]
        )
        self.pool, self.head = nn.MaxPool2d(2), nn.Linear(16, 3)

    def forward(self, x):
        x = F.relu(self.note(self.bn(self.stem(x))), inplace=True)
        conv, drop = self.block
        x = torch.relu(self.note(x + drop(conv(x))))
        return self.head(self.pool(x).flatten(1))


class Transposed(Taped):
    """A decoder: grouped transposed convolutions over 1, 2 and 3 axes."""

    def __init__(self):
        super().__init__()
        self.one = nn.ConvTranspose1d(2, 4, 2, groups=2)
        self.two = nn.ConvTranspose2d(4, 2, (1, 2))
        self.three = nn.ConvTranspose3d(2, 1, (1, 1, 2), bias=False)

    def forward(self, x):
        x = self.note(self.one(x)).relu()
        x = self.note(self.two(x[:, :, None])).relu()
        return self.three(x[:, :, None]).flatten(1)


class Unrolled(nn.Module):
    """One layer and one ReLU module, used three times, under two names."""

    def __init__(self):
        super().__init__()
        self.cell = self.again = nn.Linear(4, 4)
        self.relu, self.head = nn.ReLU(), nn.Linear(4, 1)

    def forward(self, x):
        x = self.relu(self.cell(x))
        x = self.relu(self.again(x)) + x
        return self.head(self.relu(self.cell(x)))


class Tied(Taped):
    """Encoder and decoder with one weight; a bias beside."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 5)
        self.shift = nn.Parameter(torch.zeros(4))

    def forward(self, x):
        hidden = self.note(self.encoder(x)).relu()
        return F.linear(hidden, self.encoder.weight.T, self.shift)


class Tokens(Taped):
    """Integers, an embedding whose weight is the head's, layers along a sequence."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm = nn.Embedding(6, 4), nn.LayerNorm(4)
        self.mix, self.head = nn.Linear(4, 4), nn.Linear(4, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        x = self.norm(self.embed(tokens))
        x = x + self.note(self.mix(x)).relu()
        return self.head(x.mean(dim=1))


class TwoInputs(Taped):
    """Two inputs and a flag; a dict comes out."""

    def __init__(self, returns):
        super().__init__()
        self.left, self.right = nn.Linear(3, 4), nn.Linear(2, 4, bias=False)
        self.head, self.returns = nn.Linear(4, 2), returns

    def forward(self, left, right, scale=1.0):
        z = self.note(self.left(left) + scale * self.right(input=right))
        return self.returns(self.head(torch.relu(z)))


class OwnPrecision(Taped):
    """Of bytes; it names the precision that it computes in."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 6), nn.Linear(6, 2)

    def forward(self, x):
        x = x.to(torch.float32) / 255
        return self.head(self.note(self.first(x)).relu())


class OwnParameters(Taped):
    """Bare parameters, one of integers, one through a ReLU; a ReLU of two kinks."""

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.eye(3, 5))
        self.steps = nn.Parameter(torch.ones(2, dtype=torch.int64), False)
        self.gain = nn.Parameter(torch.ones(N))
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        hidden = F.relu6(self.note(4 * (x @ self.W)))
        return self.head(hidden) * self.gain.relu().mean() / self.steps.sum()


class Complex(Taped):
    """A layer of complex numbers."""

    def __init__(self):
        super().__init__()
        self.phase = nn.Linear(3, 4, dtype=torch.complex64)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.note(self.phase(x.to(torch.complex64)).abs() - 1).relu())


class Recurrent(nn.Module):
    """An LSTM, which has no patterns, before layers that have."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))

    def forward(self, x):
        return self.mlp(self.lstm(x)[0][:, -1])


class Attention(nn.Module):
    """A frozen encoder of padded rows, which PyTorch would take a fused way through."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.head = nn.Linear(4, 1)
        self.encoder.requires_grad_(False)

    def forward(self, x, padding):
        return self.head(self.encoder(x, src_key_padding_mask=padding)[:, 0])


class Batchwise(Taped):
    """Rows that see each other, and a ReLU of rows that are no rows of X."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(2, 6), nn.Linear(6, 1)
        self.norm = nn.BatchNorm1d(6, track_running_stats=False)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.first(x.flatten(0, 1)))))[: len(x)]


class Overwriting(Taped):
    """What came in is overwritten, and what comes out of each layer."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Conv1d(1, 3, 2), nn.Linear(6, 2)

    def forward(self, x):
        hidden = self.first(x.sub_(1.0)[:, None]).sub_(0.1)
        return self.head(self.note(hidden).relu_().flatten(1)).mul_(2.0)


class FixedBatch(Taped):
    """As many rows as it was written for."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 6), nn.Linear(6, 2)

    def forward(self, x):
        return self.head(self.note(self.first(x.reshape(N, 3))).relu())


class SequenceFirst(nn.Module):
    """Layers within whose rows come second, as in many models of sequences."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.layer(x.transpose(0, 1))[-1])


class Doubled(torch.autograd.Function):
    """A function with a gradient of its own, of one row or several."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


class Checkpointed(Taped):
    """Layers that are computed again in the backward pass, and a function by hand."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 5), nn.Conv1d(1, 2, 3)
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        x = checkpoint(self.hidden, x, use_reentrant=False)
        return self.head(Doubled.apply(x)).squeeze()

    def hidden(self, x):
        return self.second(self.note(self.first(x)).relu()[:, None]).flatten(1)


class Bags(Taped):
    """Embeddings with sparse gradients, and a layer that is never used."""

    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(6, 4, sparse=True)
        self.head, self.unused = nn.Linear(4, 2), nn.Linear(2, 2)

    def forward(self, tokens):
        return self.head(self.note(self.bag(tokens)).relu())


class LowRank(nn.Linear):
    """A layer's own forward pass, of a weight and an update of low rank."""

    def __init__(self, p, q):
        super().__init__(p, q)
        self.left = nn.Parameter(torch.ones(q, 1) / 2)
        self.right = nn.Parameter(torch.ones(1, p) / 2)

    def forward(self, x):
        return F.linear(x, 2 * self.weight + self.left @ self.right, self.bias)


class Locked(Taped):
    """Attributes that cannot be copied, and one that a forward pass leaves behind."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.first, self.head = nn.Linear(3, 4), nn.Linear(4, 1)
        self.left, self.calls = [], 0

    def forward(self, x):
        hidden = self.note(self.first(x)).relu()
        self.left.append(hidden)
        self.calls += 1
        return self.head(hidden).squeeze(1)


class Noisy(Taped):
    """Random numbers, in evaluation too."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 6), nn.Linear(6, 1)

    def forward(self, x):
        return self.head(self.first(F.dropout(x, 0.5)).relu())


class Alone(nn.Module):
    """A row has other outputs if there is no other row."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(1, 2, 2), nn.Linear(6, 1)

    def forward(self, x):
        x = 2 * x if len(x) == 1 else x
        return self.head(self.conv(x[:, None]).flatten(1))


class Caught(nn.Module):
    """A part that fails, and another way out."""

    def __init__(self):
        super().__init__()
        self.wrong, self.right = nn.Linear(9, 2), nn.Linear(4, 2)

    def forward(self, x):
        try:
            return self.wrong(x)
        except RuntimeError:
            return torch.relu(self.right(x))


class Squares(nn.Module):
    """Squares of zeros and ones, and a product of two layers, are no ReLUs."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x):
        return self.left(x * x) * self.right(x)
