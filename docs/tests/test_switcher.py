"""Every version of the site leads to every other, also to those that came later."""

import runpy
import sys
from pathlib import Path

import pytest

from overparam_sk.version import DOCUMENTATION, __version__

CONF = Path(__file__).parents[1] / "conf.py"
LATEST = DOCUMENTATION.replace("/stable/", "/latest/")


@pytest.mark.parametrize(
    ("built_of", "place", "match"),
    [
        ("", "", __version__),
        ("latest", LATEST, "dev"),
        ("stable", LATEST, __version__),
        (f"v{__version__}", LATEST, __version__),
    ],
)
def test_it_asks_the_newest_where_it_is_hosted(monkeypatch, built_of, place, match):
    monkeypatch.setenv("READTHEDOCS_VERSION", built_of)
    monkeypatch.setattr("sys.path", [*sys.path])
    switcher = runpy.run_path(str(CONF))["html_theme_options"]["switcher"]
    assert switcher["json_url"] == f"{place}_static/switcher.json"
    assert switcher["version_match"] == match
