"""What was installed, and is known by its name and version, and what is the user's."""

import functools
import importlib.metadata
import importlib.util
import sys
import sysconfig
from pathlib import Path
from typing import Any

__all__ = ["distribution_of", "reference"]

_OURS = __name__.partition(".")[0]
_STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
_INSTALLED = {"site-packages", "dist-packages"}
# Saves half a second of looking into every distribution's list of modules.
_NAMES = {"sklearn": "scikit-learn", _OURS: "overparam-sk"}
# A name is part of a study: what moved keeps the one that studies of before know it by.
_MOVED = {
    f"{_OURS}.datasets.image_pairs": f"{_OURS}.datasets._image_pairs",
    f"{_OURS}.datasets.images": f"{_OURS}.datasets._images",
    f"{_OURS}.datasets.mixtures": f"{_OURS}.datasets._mixtures",
    f"{_OURS}.datasets.separation": f"{_OURS}.datasets._separability",
    f"{_OURS}.datasets.sphere": f"{_OURS}.datasets._sphere",
    f"{_OURS}.datasets.xor": f"{_OURS}.datasets._xor",
    f"{_OURS}.diagnostics.patterns": f"{_OURS}.diagnostics.coupling",
    f"{_OURS}.experiments.li_liang_2018.first_crossing": (
        f"{_OURS}.experiments.first_crossing"
    ),
    f"{_OURS}.interop.training_diagnostics": f"{_OURS}.interop.diagnostics_callback",
    f"{_OURS}.model_selection.fitting": f"{_OURS}.model_selection._fits",
    f"{_OURS}.training.loop": f"{_OURS}.training.errors",
}


def reference(value: Any) -> tuple[str, str] | None:
    """Full name and distribution of a class or function of an installed module.

    None for what is the user's, and for what only bears the name of something
    installed, as functions inside ``functools.wraps`` do.
    """
    module, name = getattr(value, "__module__", None), _qualified_name(value)
    if not isinstance(module, str) or name is None:
        return None
    distribution = distribution_of(module)
    if distribution is None:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    # The classes of Python itself, such as NoneType, may be in no module.
    is_builtin = isinstance(value, type) and not value.__flags__ & 1 << 9
    if found is not value and not is_builtin:
        return None
    return f"{_MOVED.get(module, module)}.{name}", distribution


def _qualified_name(value: Any) -> str | None:
    name = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) else None


def distribution_of(module: str) -> str | None:
    """Name of the distribution that a module was installed with; None for the user's.

    "python" has the standard library. An editable installation is the user's.
    """
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    return _distribution(module, file, loaded is not None)


@functools.lru_cache(4096)
def _distribution(module: str, file: str | None, is_loaded: bool) -> str | None:
    top = module.partition(".")[0]
    if top == _OURS:
        return _NAMES[top]
    if top == "__main__":
        return None
    if file is None and not (is_loaded and top in sys.builtin_module_names):
        file = _file_of(top)
    if file is None:
        known = {*sys.builtin_module_names, *sys.stdlib_module_names}
        return "python" if top in known else None
    path = Path(file).resolve()
    if not _INSTALLED.isdisjoint(path.parts):
        return _name(top)
    return "python" if path.is_relative_to(_STANDARD_LIBRARY) else None


def _file_of(top: str) -> str | None:
    """Where a module lies; of a package without a file of its own, where it looks."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.has_location:
        return spec.origin
    return next(iter(spec.submodule_search_locations or ()), None)


@functools.cache
def _name(top: str) -> str:
    known = _NAMES.get(top, top)
    try:
        importlib.metadata.version(known)
    except importlib.metadata.PackageNotFoundError:
        return importlib.metadata.packages_distributions().get(top, [top])[0]
    return known
