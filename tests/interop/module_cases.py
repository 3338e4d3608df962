"""Cases of any modules: how each is made and called, and what is to be seen of it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from interop.any_modules import (
    Alone,
    Attention,
    Bags,
    Batchwise,
    Caught,
    Checkpointed,
    Complex,
    FixedBatch,
    Functional,
    Locked,
    LowRank,
    N,
    Overwriting,
    OwnParameters,
    OwnPrecision,
    Recurrent,
    Residual,
    SequenceFirst,
    Squares,
    Tied,
    Tokens,
    Transposed,
    TwoInputs,
    Unrolled,
)
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations, prune

from overparam_sk.diagnostics import (
    REGISTRY,
    GramDriftView,
    GramView,
    PatternView,
    WeightView,
)


@dataclass(frozen=True)
class Case:
    """A module, its inputs, and what is to be seen of it."""

    make: Callable[[], nn.Module]
    inputs: Callable[[], Any]
    # Layer -> its weight as a matrix, from the module; in the order of the columns.
    weights: dict[str, Callable[[nn.Module], torch.Tensor]]
    relus: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    gram: bool = True
    # Layers whose outputs go into the ReLUs, where neither tape nor nn.ReLU says so.
    before_relus: tuple[str, ...] = ()
    kinks: tuple[float, ...] = (0.0,)
    rows_along: int = 0
    # Whether the oracle is in float64, too.
    exact: bool = True


def of(*names, at="{}.weight", then=lambda W: W.flatten(1)):
    """Weights by the layers' names."""

    def weight(name):
        return lambda module: then(module.get_parameter(at.format(name).lstrip(".")))

    return {name: weight(name) for name in names}


def rows(*shape, dtype=torch.float32):
    def make():
        generator = torch.Generator().manual_seed(0)
        return torch.randn(N, *shape, generator=generator).to(dtype)

    return make


FUNCTIONS = {
    "functional.relu": F.relu,
    "torch.relu": torch.relu,
    "Tensor.relu": lambda z: z.relu(),
    "Tensor.relu_": lambda z: z.relu_(),
    "in place": lambda z: F.relu(z, inplace=True),
    "clamp_min": lambda z: z.clamp_min(0),
    "clamp_min_": lambda z: z.clamp_min_(0),
    "clamp": lambda z: torch.clamp(z, min=0.0),
    "clamp of a tensor": lambda z: z.clamp(min=torch.zeros((), dtype=z.dtype)),
    "maximum": lambda z: torch.maximum(z, torch.zeros_like(z)),
    "maximum, turned": lambda z: torch.maximum(torch.zeros_like(z), z),
    "max": lambda z: torch.max(z, z.new_zeros(1)),
    "fmax": lambda z: torch.fmax(z, z.new_zeros(1)),
    "times its gate": lambda z: z * (z > 0),
    "its gate times": lambda z: (z > 0) * z,
    "times a number": lambda z: z * (z > 0).to(z.dtype),
    "where": lambda z: torch.where(z > 0, z, 0.0),
    "masked": lambda z: z.masked_fill(z <= 0, 0.0),
    "threshold": lambda z: F.threshold(z, 0.0, 0.0),
    "leaky_relu": lambda z: F.leaky_relu(z, 0.2),
    "rrelu": lambda z: F.rrelu(z, training=False),
    "prelu": lambda z: F.prelu(z, z.new_full((1,), 0.3)),
}
KINDS = {"leaky_relu", "rrelu", "prelu"}


def grouped(W, groups):
    """A transposed kernel's channels, group by group."""
    parts = W.reshape(groups, -1, *W.shape[1:])
    return torch.cat([part.flatten(2).transpose(0, 1).flatten(1) for part in parts])


def mlp(*activations, dtype=torch.float32, last=2):
    layers = []
    for activation in activations:
        layers += [nn.Linear(4, 4, dtype=dtype), activation]
    return nn.Sequential(*layers, nn.Linear(4, last, dtype=dtype))


def normed(change):
    def make():
        module = mlp(*(nn.ReLU() for _ in range(4)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            for layer in module[:-1:2]:
                change(layer)
        return module

    return make


def scripted(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(module)


def effective(*names):
    """Weights that are made of others."""
    return {n: lambda m, n=n: m.get_submodule(n).weight.detach() for n in names}


def frozen(module, *names):
    for name in names:
        module.get_submodule(name).requires_grad_(False)
    return module


def zeroed(module, name):
    nn.init.zeros_(module.get_parameter(name))
    return module


FOUR = rows(4)
FIVE = ("0", "2", "4", "6", "8")


def none_of(*views):
    """The diagnostics that look at one of these."""
    return tuple(name for name, one in REGISTRY.items() if one.sees in views)


NO_PATTERNS = none_of(PatternView)
NO_WEIGHTS = (*none_of(WeightView), "update_singular_values")
NO_GRAM = none_of(GramView, GramDriftView)
CASES = {
    "linear": Case(
        lambda: nn.Linear(4, 2), FOUR, of("Linear", at="weight"), skipped=NO_PATTERNS
    ),
    "mlp": Case(
        lambda: mlp(nn.ReLU(), nn.ReLU(inplace=True)),
        FOUR,
        of("0", "2", "4"),
        ("1", "3"),
    ),
    **{
        name: Case(
            lambda f=function: Functional(f),
            rows(3),
            of("first", "second", "head"),
            tuple(
                f"{name if name in KINDS else 'relu'}{again}" for again in ("", " (2)")
            ),
        )
        for name, function in FUNCTIONS.items()
    },
    "leaky": Case(
        lambda: mlp(nn.LeakyReLU(), nn.PReLU(), nn.RReLU()),
        FOUR,
        of("0", "2", "4", "6"),
        ("1", "3", "5"),
        skipped=("3",),
    ),
    "two kinks": Case(
        lambda: nn.Sequential(nn.Linear(4, 9), nn.Hardtanh(-0.3, 0.2)),
        FOUR,
        of("0"),
        ("1",),
        kinks=(-0.3, 0.2),
    ),
    "smooth": Case(
        lambda: mlp(nn.GELU(), nn.Tanh(), nn.ReLU()),
        FOUR,
        of("0", "2", "4", "6"),
        ("5",),
        skipped=("1", "3"),
    ),
    "residual": Case(
        Residual,
        rows(1, 4, 4),
        of("stem", "block.0", "head"),
        ("relu", "relu (2)"),
        skipped=("bn",),
    ),
    "convolutions": Case(
        lambda: nn.Sequential(
            nn.Conv1d(2, 4, 3, dilation=2, padding=2, padding_mode="circular"),
            nn.ReLU(),
            nn.Conv1d(4, 2, 2, stride=2, groups=2),
            nn.Unflatten(2, (1, 1, 3)),
            nn.ReLU(inplace=True),
            nn.Conv3d(2, 2, (1, 1, 2), padding="same"),
            nn.Flatten(),
        ),
        rows(2, 6),
        of("0", "2", "5"),
        ("1", "4"),
    ),
    "transposed": Case(
        Transposed,
        rows(2, 3),
        {
            "one": lambda m: grouped(m.one.weight.detach(), 2),
            "two": lambda m: grouped(m.two.weight.detach(), 1),
            "three": lambda m: grouped(m.three.weight.detach(), 1),
        },
        ("relu", "relu (2)"),
    ),
    "unrolled": Case(
        Unrolled, FOUR, of("cell", "head"), ("relu", "relu (2)", "relu (3)")
    ),
    "tied": Case(Tied, FOUR, of("encoder"), ("relu",), skipped=("shift",)),
    "tokens": Case(
        Tokens,
        lambda: torch.arange(N * 5).remainder(6).reshape(N, 5).roll(1, 0),
        {**of("embed", then=lambda W: W.T), **of("mix")},
        ("relu",),
        skipped=("norm", "head"),
    ),
    "two inputs": Case(
        lambda: TwoInputs(lambda out: (out, "state")),
        lambda: (rows(3)(), rows(2)(), 0.5),
        of("left", "right", "head"),
        ("relu",),
    ),
    "inputs by name": Case(
        lambda: TwoInputs(lambda out: {"logits": out}),
        lambda: {"right": rows(2)(), "left": rows(3)()},
        of("left", "right", "head"),
        ("relu",),
    ),
    "several outputs by name": Case(
        lambda: TwoInputs(lambda out: {"logits": out, "loss": out.sum()}),
        lambda: {"right": rows(2)(), "left": rows(3)()},
        of("left", "right", "head"),
        ("relu",),
        skipped=NO_GRAM,
        gram=False,
    ),
    "own precision": Case(
        OwnPrecision,
        lambda: torch.arange(N * 3, dtype=torch.uint8).reshape(N, 3) * 11,
        of("first", "head"),
        ("relu",),
        exact=False,
    ),
    "own parameters": Case(
        OwnParameters,
        rows(3),
        of("head"),
        ("relu",),
        skipped=("W", "gain", "relu (2)"),
        kinks=(0.0, 6.0),
    ),
    **{
        str(dtype): Case(
            lambda d=dtype: mlp(nn.ReLU(), dtype=d),
            rows(4, dtype=dtype),
            of("0", "2"),
            ("1",),
        )
        for dtype in (torch.float16, torch.bfloat16, torch.float64)
    },
    "complex": Case(
        Complex,
        rows(3),
        of("head"),
        ("relu",),
        skipped=("phase", *NO_GRAM),
        gram=False,
        exact=False,
    ),
    "frozen": Case(
        lambda: frozen(mlp(nn.ReLU(), nn.ReLU()), "0", "2"),
        FOUR,
        of("4"),
        ("1", "3"),
    ),
    "all frozen": Case(
        lambda: frozen(mlp(nn.ReLU()), "0", "2"),
        FOUR,
        {},
        ("1",),
        skipped=(
            *NO_WEIGHTS,
            *NO_GRAM,
        ),
        gram=False,
    ),
    "weight_norm": Case(
        normed(parametrizations.weight_norm),
        FOUR,
        effective(*FIVE),
        ("1", "3", "5", "7"),
    ),
    "spectral_norm": Case(
        normed(parametrizations.spectral_norm),
        FOUR,
        effective(*FIVE),
        ("1", "3", "5", "7"),
    ),
    "old weight_norm": Case(
        normed(nn.utils.weight_norm),
        FOUR,
        effective(*FIVE),
        ("1", "3", "5", "7"),
    ),
    "pruned": Case(
        normed(lambda layer: prune.random_unstructured(layer, "weight", 0.5)),
        FOUR,
        effective(*FIVE),
        ("1", "3", "5", "7"),
    ),
    "recurrent": Case(
        Recurrent,
        rows(3, 2),
        {
            **of("lstm.weight_ih_l0", "lstm.weight_hh_l0", at="{}"),
            **of("mlp.0", "mlp.2"),
        },
        ("mlp.1",),
        skipped=("lstm",),
    ),
    "attention": Case(
        Attention,
        lambda: (rows(3, 4)(), torch.arange(3) > torch.arange(N)[:, None] % 3),
        of("head"),
        ("encoder.layers.0.relu",),
        before_relus=("encoder.layers.0.linear1",),
    ),
    "batchwise": Case(
        Batchwise,
        rows(2, 2),
        of("first", "head"),
        skipped=(
            *("relu", "norm"),
            *NO_PATTERNS,
            *NO_GRAM,
        ),
        gram=False,
    ),
    "overwriting": Case(Overwriting, rows(3), of("first", "head"), ("relu",)),
    "a fixed batch": Case(
        FixedBatch,
        rows(3),
        of("first", "head"),
        ("relu",),
        skipped=NO_GRAM,
        gram=False,
    ),
    "a sequence first": Case(
        SequenceFirst,
        rows(3, 4),
        {
            **of("layer.self_attn.in_proj_weight", at="{}"),
            **of("layer.linear1", "layer.linear2", "head", "layer.self_attn.out_proj"),
        },
        ("layer.relu",),
        skipped=("layer.norm1", "layer.norm2"),
        before_relus=("layer.linear1",),
        rows_along=1,
    ),
    "a layer with more": Case(
        lambda: nn.Sequential(LowRank(4, 5), nn.ReLU(), nn.Linear(5, 2)),
        FOUR,
        of("0", "2"),
        ("1",),
        skipped=("0.left", "0.right"),
    ),
    "checkpointed": Case(Checkpointed, FOUR, of("first", "second", "head"), ("relu",)),
    "bags": Case(
        Bags,
        lambda: torch.arange(N * 5).remainder(6).reshape(N, 5).roll(1, 0),
        {**of("bag", then=lambda W: W.T), **of("head", "unused")},
        ("relu",),
    ),
    "nothing trained": Case(
        nn.ReLU, FOUR, {}, ("relu",), skipped=(*NO_WEIGHTS, *NO_GRAM), gram=False
    ),
    "alone": Case(
        Alone,
        FOUR,
        of("conv", "head"),
        skipped=(*NO_PATTERNS, *NO_GRAM),
        gram=False,
    ),
    "caught": Case(
        Caught, FOUR, of("wrong", "right"), ("relu",), before_relus=("right",)
    ),
    "squares": Case(
        Squares,
        lambda: FOUR().gt(0).float(),
        of("left", "right"),
        skipped=NO_PATTERNS,
    ),
    "locked": Case(Locked, rows(3), of("first", "head"), ("relu",)),
    "zero": Case(
        lambda: zeroed(mlp(nn.ReLU()), "2.weight"), FOUR, of("0", "2"), ("1",)
    ),
    "script": Case(
        lambda: nn.Sequential(nn.Linear(4, 4), scripted(nn.ReLU())),
        FOUR,
        of("0"),
        ("relu",),
        before_relus=("0",),
    ),
    "parallel": Case(
        lambda: nn.DataParallel(mlp(nn.ReLU())), FOUR, of("0", "2"), ("1",)
    ),
}
