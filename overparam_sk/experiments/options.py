"""The options of the command line's commands."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overparam_sk.experiments import arguments, reproductions
from overparam_sk.experiments.output import Output
from overparam_sk.experiments.problems import PROBLEM_NAMES
from overparam_sk.experiments.study import BASELINES

__all__ = ["add_commands"]

Command = Callable[[argparse.Namespace, Output], int]


def add_commands(
    parser: argparse.ArgumentParser, study: Command, theory: Command, reproduce: Command
) -> None:
    """Give a parser the commands, each with its options and what does it."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_study(commands).set_defaults(command=study)
    _add_theory(commands).set_defaults(command=theory)
    _add_reproduce(commands).set_defaults(command=reproduce)


def _add_study(commands: Any) -> Any:
    parser = commands.add_parser(
        "study",
        help="train a range of widths and show how the diagnostics scale",
        description="Train networks of several widths and compare their diagnostics. "
        "Without options: Li and Liang's experiment on synthetic data.",
    )
    _add_study_options(parser)
    return parser


def _add_theory(commands: Any) -> Any:
    parser = commands.add_parser(
        "theory",
        help="hold a network against every theorem of its paper",
        description="Train Li and Liang's network and write what the theorems of "
        "their paper ask for, beside what it has and did. Without options: on their "
        "synthetic data.",
    )
    _add_theory_options(parser)
    return parser


def _add_reproduce(commands: Any) -> Any:
    papers = " ".join(paper.about for paper in reproductions.PAPERS)
    figure = commands.add_parser(
        "reproduce",
        help="redraw figures of a paper and judge what the paper says of them",
        description="Run an experiment at the paper's settings, and judge each claim "
        f"by a rule that is printed beside it. {papers} all: everything, with one "
        "report.",
    )
    figure.add_argument("figure", choices=sorted(reproductions.names()))
    figure.add_argument(
        "--quick", action="store_true", help="smaller widths, two repeats"
    )
    figure.add_argument(
        "--out", type=arguments.path, metavar="DIR", help="default: ./overparam-FIGURE"
    )
    for name, kind, metavar in (
        ("widths", arguments.widths, "M,M,..."),
        ("repeats", arguments.count, "N"),
        ("max-iter", arguments.count, "T"),
    ):
        figure.add_argument(
            f"--mnist-{name}",
            type=kind,
            metavar=metavar,
            help="of the experiments on MNIST (default: the scale of the rest)",
        )
    _add_common_options(figure)
    return figure


def _add_study_options(parser: argparse.ArgumentParser) -> None:
    add = _adder(parser)
    _add_data_options(parser)
    widths = "default: those that are usual for the data"
    add("--widths", arguments.widths, "M,M,...", widths)
    parser.add_argument(
        "--repeats", type=arguments.count, default=3, metavar="N", help="default: 3"
    )
    _add_fit_options(parser)
    add(
        "--target-accuracy",
        arguments.share,
        "A",
        "test accuracy to count the steps to (default: 0.98 synthetic, 0.95 others)",
    )
    every = "steps between two records; default: T/40, and closely at the start"
    add("--record-every", arguments.count, "N", every)
    add(
        "--baselines",
        arguments.baselines,
        "NAME,...",
        f"fitted beside the networks: {', '.join(BASELINES)}",
    )
    _add_folder(parser, "study", "files of an earlier study are replaced")
    add(
        "--store",
        arguments.path,
        "DIR",
        "folder of the fits that are done, where the same line goes on (default: a "
        "folder of its own in store/ of --out)",
    )
    jobs = "fits at a time; -1 is one a core (default: 1)"
    add("--jobs", arguments.jobs, "N", jobs)
    add("--dask", str, "ADDRESS", "run on the dask cluster with this scheduler")
    parser.set_defaults(baselines=())
    _add_common_options(parser)


def _add_theory_options(parser: argparse.ArgumentParser) -> None:
    _add_data_options(parser)
    width = "hidden units; default: the most that are usual for the data"
    _adder(parser)("--width", arguments.count, "M", width)
    _add_fit_options(parser)
    parser.add_argument(
        "--epsilon",
        type=arguments.inner_share,
        default=0.02,
        metavar="E",
        help="the error that is aimed at (default: 0.02)",
    )
    _add_folder(parser, "theory", "an earlier sheet is replaced")
    _add_common_options(parser)


def _adder(parser: argparse.ArgumentParser) -> Callable[..., None]:
    def add(flag: str, kind: Callable[[str], Any], metavar: str, text: str) -> None:
        parser.add_argument(flag, type=kind, metavar=metavar, help=text, default=None)

    return add


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    add = _adder(parser)
    parser.add_argument(
        "--data",
        type=arguments.data_name,
        default="synthetic",
        metavar="NAME",
        help=f"{', '.join(PROBLEM_NAMES)}, or FILE.npz with X and y and, if you like, "
        "X_test and y_test, or FILE.csv or FILE.parquet (default: synthetic)",
    )
    add("--target", str, "COLUMN", "of a CSV or Parquet file; default: y, or the last")
    parser.add_argument(
        "--normalize", action="store_true", default=False, help="scale rows to norm 1"
    )
    size = "training rows that are taken (default: all)"
    add("--train-size", arguments.count, "N", size)


def _add_fit_options(parser: argparse.ArgumentParser) -> None:
    add = _adder(parser)
    steps = "gradient steps; default: usual for the data"
    add("--max-iter", arguments.count, "T", steps)
    add("--batch-size", arguments.count, "B", "default: usual for the data")
    add(
        "--learning-rate",
        arguments.learning_rate,
        "C",
        "the step is C/width; a number or auto; default: usual for the data",
    )


def _add_folder(parser: argparse.ArgumentParser, command: str, text: str) -> None:
    folder = f"overparam-{command}"
    parser.add_argument(
        "--out",
        type=arguments.path,
        default=Path(folder),
        metavar="DIR",
        help=f"default: ./{folder}; {text}",
    )


def _add_common_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-home",
        type=arguments.path,
        default=None,
        metavar="DIR",
        help="folder with the files of the image data",
    )
    parser.add_argument(
        "--device",
        type=arguments.device,
        default="auto",
        metavar="NAME",
        help="auto, cpu, cuda, cuda:1, ... or mps (default: auto)",
    )
    parser.add_argument(
        "--seed", type=arguments.seed, default=0, metavar="N", help="default: 0"
    )
