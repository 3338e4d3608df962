"""What can be counted of the gallery, without running it: the site does that."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import overparam_sk

ROOT = Path(__file__).parents[1] / "docs" / "examples"
EXAMPLES = sorted(ROOT.rglob("*.py"))
SECTIONS = sorted(path for path in ROOT.iterdir() if path.is_dir())
# The names of estimators are the package's own.
PACKAGES = ["overparam_sk"] + [
    f"overparam_sk.{name}"
    for name in overparam_sk.PUBLIC_PACKAGES
    if name != "estimators"
]
CALLS = {"subplots", "subplot_mosaic", "figure"}  # of pyplot: each makes a figure
STYLE = '"overparam_sk.drawing.displays"'  # of what a display does not draw
ROLE = re.compile(r":(?P<kind>\w+):`(?:[^`<]*<)?~?(?P<target>[^`>]+)>?`")


def public(name):
    """Whether it is in a public ``__all__``, or an attribute of what is."""
    for package in PACKAGES:
        first, *rest = name.removeprefix(f"{package}.").split(".")
        module = importlib.import_module(package)
        if first in module.__all__ and name.startswith(f"{package}."):
            return not rest or hasattr(getattr(module, first), rest[0])
    return False


def figures(tree):
    """How many figures are made: by pyplot, and by displays that are given no axes."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [
        (call, call.func) for call in calls if isinstance(call.func, ast.Attribute)
    ]
    made = 0
    for call, name in named:
        owner = name.value.id if isinstance(name.value, ast.Name) else ""
        made += owner == "plt" and name.attr in CALLS
        made += name.attr == "plot" and not call.args and "ax" not in keywords(call)
    return made


def keywords(call):
    return {keyword.arg for keyword in call.keywords}


def unseeded(tree):
    """What draws numbers and is told no seed, by the names that are used here."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        draws = name.rpartition(".")[2]
        if draws == "default_rng" and not call.args:
            yield name
        if re.match(r"np\.random\.(?!default_rng)", name):
            yield name
        makes_data = draws.startswith("make_") and draws not in PIPES
        if makes_data and "random_state" not in keywords(call):
            yield name


PIPES = {"make_pipeline", "make_column_transformer"}


def faults(text):
    """What is wrong with an example."""
    lines, tree = text.splitlines(), ast.parse(text)
    document = ast.get_docstring(tree) or ""
    title, line, *intro = [*document.splitlines(), "", ""]
    cells = re.findall(r"^# %%\n(.*\n)", text, re.M)
    if len(lines) >= 60:
        yield "lines"
    if not title or set(line) != {"="} or len(line) != len(title):
        yield "title"
    if len(" ".join(intro)) < 60:
        yield "introduction"
    if len(cells) < 2 or not all(cell.startswith("# ") for cell in cells):
        yield "text between the blocks"
    if figures(tree) != 1 or text.count("plt.show()") != 1:
        yield "one figure"
    if not text.endswith("\nplt.show()\n"):
        yield "ends with the figure"
    if "plt.subplots" in text and f"plt.style.use({STYLE})" not in text:
        yield "style"
    if re.search(r"[\"'](/|~|[A-Z]:\\)", text):
        yield "absolute path"
    if [*unseeded(tree)]:
        yield "seed"
    roles = [found.groupdict() for found in ROLE.finditer(text)]
    ours = [role["target"] for role in roles if role["kind"] != "doc"]
    pages = [role["target"] for role in roles if role["kind"] == "doc"]
    if not ours or not all(map(public, ours)):
        yield "public names"
    if not all((ROOT.parent / f"{page.lstrip('/')}.md").is_file() for page in pages):
        yield "pages"


GOOD = '''"""
A title
=======

What is seen in a sentence or two, with what it says of wide networks.
"""

# %%
# Words about :class:`~overparam_sk.OverparamReLUClassifier`, and
# :doc:`a page </guide/width-studies>`.

import matplotlib.pyplot as plt

plt.style.use("overparam_sk.drawing.displays")

# %%
# More words.

figure, ax = plt.subplots(figsize=(7, 4))
ax.plot([1, 2])
plt.show()
'''

BAD = {
    "lines": ("# More", "# More\n" * 50 + "# More"),
    "title": ("=======", "====="),
    "introduction": (", with what it says of wide networks", ""),
    "text between the blocks": ("# More words.\n", "\n"),
    "one figure": ("ax.plot", "plt.figure()\nax.plot"),
    "ends with the figure": ("plt.show()\n", "plt.show()\nx = 1\n"),
    "style": ("drawing.displays", "plotting"),
    "absolute path": ("ax.plot([1, 2])", 'open("/data/x")\nax.plot([1, 2])'),
    "seed": ("ax.plot([1, 2])", "ax.plot(*make_moons())"),
    "public names": ("~overparam_sk.Over", "~overparam_sk.estimators.Over"),
    "pages": ("/guide/width", "/guide/height"),
}


def test_there_are_sections_with_examples():
    assert len(EXAMPLES) >= 18
    assert {path.parent for path in EXAMPLES} == set(SECTIONS)
    assert all((path / "GALLERY_HEADER.rst").is_file() for path in (ROOT, *SECTIONS))


def test_names_of_examples_are_those_that_run_and_are_told_apart():
    names = [path.name for path in EXAMPLES]
    assert all(name.startswith("plot_") for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_what_is_seen(path):
    assert [*faults(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("rule", BAD)
def test_each_rule_finds_its_fault(rule):
    before, after = BAD[rule]
    assert [*faults(GOOD)] == []
    assert before in GOOD
    assert rule in [*faults(GOOD.replace(before, after))]
