"""The command line: ``python -m overparam_sk study``, ``theory`` and ``reproduce``."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import parallel_config

from overparam_sk import __version__
from overparam_sk.experiments import reproductions
from overparam_sk.experiments.checks import check_device, check_fits, check_folder
from overparam_sk.experiments.findings import finding, legend
from overparam_sk.experiments.options import add_commands
from overparam_sk.experiments.output import Output, let_go_of_streams, tell_error
from overparam_sk.experiments.problem import Problem
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.report import FILES, summary_table, write_report
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.stores import usual_store
from overparam_sk.experiments.study import Study, run_study, usual_looks
from overparam_sk.experiments.theory import SHEET_FILES, sheet_of, write_sheet

__all__ = ["main"]

_INTERRUPTED = 130
_ABOUT = "Wide ReLU networks with their theory measured."
_VERSION_HELP = "show the version and exit"


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
        parser = _Parser(prog="overparam_sk", description=_ABOUT)
        parser.add_argument("--version", action=_Version, nargs=0, help=_VERSION_HELP)
        add_commands(parser, _study, _theory, _reproduce)
        args = parser.parse_args(argv)
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


class _Version(argparse.Action):
    """Tells the version as everything else is told."""

    def __call__(self, parser: Any, *_: Any) -> None:
        output = Output()
        output.tell(f"overparam_sk {__version__}")
        parser.exit(_code(output))


def _command(args: argparse.Namespace, output: Output) -> int:
    command: Callable[[argparse.Namespace, Output], int] = args.command
    try:
        if getattr(args, "dask", None) is None:  # else it is another machine's
            check_device(args.device)
        return command(args, output)
    except KeyboardInterrupt:
        tell_error("Interrupted before anything was written.")
        return _INTERRUPTED
    except (ImportError, OSError, ValueError) as error:
        tell_error(f"overparam_sk: error: {error}")
        return 1


def _study(args: argparse.Namespace, output: Output) -> int:
    problem = _problem(args)
    study = _run(args, problem)
    if study.interrupted and not study.rows:
        raise KeyboardInterrupt
    written = write_report(study, args.out)
    output.table(summary_table(study))
    for text in ("", *legend(study), "", finding(study), "", *written):
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
    check_folder(args.out, SHEET_FILES)
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
    check_folder(args.out, FILES)
    check_fits(problem, what["widths"], what["fit_params"])
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
    check_folder(run.out, reproductions.files_of(name))
    run.out.mkdir(parents=True, exist_ok=True)
    complete = reproductions.reproduce(name, run)
    if not complete:
        kept = " The same line goes on." if (run.out / "store").exists() else ""
        tell_error(f"Interrupted: what was done is written.{kept}")
    return 0 if complete else _INTERRUPTED


def _given(value: Any, usual: Any) -> Any:
    return usual if value is None else value
