"""The command line: ``python -m overparam_sk study``, ``theory`` and ``reproduce``."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import parallel_config

from overparam_sk.experiments import arguments, reproductions
from overparam_sk.experiments.output import Output, let_go_of_streams, tell_error
from overparam_sk.experiments.problem import Problem
from overparam_sk.experiments.problems import PROBLEM_NAMES, load_problem
from overparam_sk.experiments.report import summary_table, write_report
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.stores import usual_store
from overparam_sk.experiments.study import BASELINES, Study, run_study, usual_looks
from overparam_sk.experiments.tables import plain_table
from overparam_sk.experiments.theory import sheet_of, write_sheet

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, default=None
        None is what the process was called with.

    Returns
    -------
    int
        0; 1 if data, a package or a device cannot be had, or if standard output did not
        take all, when the files are nevertheless written; 130 after Ctrl-C. Bad
        arguments raise SystemExit with 2, as argparse does, and --help with 0, or 1 if
        it could not be shown.
    """
    output = Output()
    try:
        args = _parser().parse_args(argv)
        codes = _command(args, output), _code(output)
        return next(filter(None, codes), 0)
    finally:
        if argv is None:  # the process ends
            let_go_of_streams()


def _code(output: Output) -> int:
    """0, or 1 with a reason if standard output did not take all."""
    if output.error is None:
        return 0
    tell_error(f"overparam_sk: error: standard output: {output.error}")
    return 1


class _Parser(argparse.ArgumentParser):
    """Shows its help as everything else is told; argparse would swallow an error."""

    def print_help(self, file: Any = None) -> None:
        """Show the help on standard output, or end with 1."""
        if file is not None or sys.stdout is None:
            super().print_help(file)
            return
        output = Output()
        output.tell(self.format_help().removesuffix("\n"))
        if code := _code(output):
            self.exit(code)


def _command(args: argparse.Namespace, output: Output) -> int:
    command: Callable[[argparse.Namespace, Output], int] = args.command
    try:
        return command(args, output)
    except KeyboardInterrupt:
        tell_error("Interrupted before anything was written.")
        return _INTERRUPTED
    except (ImportError, OSError, ValueError) as error:
        tell_error(f"overparam_sk: error: {error}")
        return 1


def _study(args: argparse.Namespace, output: Output) -> int:
    problem = _problem(args)
    args.out.mkdir(parents=True, exist_ok=True)
    study = _run(args, problem)
    written = write_report(study, args.out)
    for text in (plain_table(summary_table(study)), *written):
        output.tell(text)
    if study.interrupted:
        done, all_fits = len(study.rows), len(study.widths) * study.repeats
        tell_error(
            f"Interrupted: {done} of {all_fits} fits were done. The same line goes on."
        )
        return _INTERRUPTED
    return 0


def _problem(args: argparse.Namespace) -> Problem:
    return load_problem(
        args.data,
        target=args.target,
        data_home=args.data_home,
        normalize=args.normalize,
        train_size=args.train_size,
        random_state=args.seed,
    )


def _theory(args: argparse.Namespace, output: Output) -> int:
    problem = _problem(args)
    usual = problem.defaults
    sheet = sheet_of(
        problem,
        _given(args.width, max(usual.widths)),
        {
            "learning_rate": _given(args.learning_rate, usual.learning_rate),
            "batch_size": _given(args.batch_size, usual.batch_size),
            "max_iter": _given(args.max_iter, usual.max_iter),
            "device": args.device,
            "random_state": args.seed,
        },
        epsilon=args.epsilon,
    )
    args.out.mkdir(parents=True, exist_ok=True)
    written = write_sheet(sheet, args.out)
    for text in (str(sheet), *written):
        output.tell(text)
    return 0


def _run(args: argparse.Namespace, problem: Problem) -> Study:
    usual = problem.defaults
    max_iter = _given(args.max_iter, usual.max_iter)
    what: dict[str, Any] = {
        "problem": problem,
        "widths": _given(args.widths, usual.widths),
        "repeats": args.repeats,
        "fit_params": {
            "learning_rate": _given(args.learning_rate, usual.learning_rate),
            "batch_size": _given(args.batch_size, usual.batch_size),
            "max_iter": max_iter,
            "record_every": _given(args.record_every, usual_looks(max_iter)),
            "device": args.device,
        },
        "baselines": args.baselines,
        "random_state": args.seed,
    }
    with _workers(args):
        return run_study(
            **what,
            target_accuracy=_given(args.target_accuracy, usual.target_accuracy),
            store=args.store or usual_store(args.out, **what),
            n_jobs=args.jobs,
        )


@contextmanager
def _workers(args: argparse.Namespace) -> Iterator[None]:
    """The dask cluster that was asked for, as joblib's backend.

    Raises
    ------
    ValueError
        If distributed is not installed.
    """
    if args.dask is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(
            "--dask needs dask; install it with: pip install "
            "'overparam-sk[distributed]'"
        ) from error
    with Client(args.dask), parallel_config("dask"):
        yield


def _reproduce(args: argparse.Namespace, output: Output) -> int:
    name = args.figure
    mnist = {
        option: value
        for option in ("widths", "repeats", "max_iter")
        if (value := getattr(args, f"mnist_{option}")) is not None
    }
    if mnist and not reproductions.takes_mnist(name):
        raise ValueError(f"--mnist-* must be for MNIST, got {name}.")
    run = Request(
        out=Path(f"overparam-{name}") if args.out is None else args.out,
        quick=args.quick,
        data_home=args.data_home,
        device=args.device,
        random_state=args.seed,
        tell=output.tell,
        mnist=mnist,
    )
    run.out.mkdir(parents=True, exist_ok=True)
    complete = reproductions.reproduce(name, run)
    if not complete:
        tell_error("Interrupted: what was done is written.")
    return 0 if complete else _INTERRUPTED


def _given(value: Any, usual: Any) -> Any:
    return usual if value is None else value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="overparam_sk",
        description="Wide ReLU networks with their theory measured.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    study = commands.add_parser(
        "study",
        help="train a range of widths and show how the diagnostics scale",
        description="Train networks of several widths and compare their diagnostics. "
        "Without options: Li and Liang's experiment on synthetic data.",
    )
    _add_study_options(study)
    study.set_defaults(command=_study)
    theory = commands.add_parser(
        "theory",
        help="hold a network against every theorem of its paper",
        description="Train Li and Liang's network and write what the theorems of "
        "their paper ask for, beside what it has and did. Without options: on their "
        "synthetic data.",
    )
    _add_theory_options(theory)
    theory.set_defaults(command=_theory)
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
    figure.set_defaults(command=_reproduce)
    return parser


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
