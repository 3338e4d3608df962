"""Pages and pictures of text, from the templates beside this file."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["render"]


def render(template: str, **values: Any) -> str:
    """Fill a template of ``templates/`` in; whatever is put in is escaped.

    Parameters
    ----------
    template : str
        Name of the file.
    **values : object
        What the template names; one that is missing is an error.

    Returns
    -------
    str
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("overparam_sk.experiments"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
