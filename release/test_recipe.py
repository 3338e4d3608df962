"""The recipe is one, and asks for what pyproject.toml asks for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rattler_build import Stage0Recipe

ROOT = Path(__file__).parents[1]
BUILD_AND_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = BUILD_AND_PROJECT["project"]
# What conda-forge calls otherwise.
NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
# Extras of those who work on the package.
OURS = {"bench", "docs", "test"}


@pytest.fixture(scope="module")
def recipe():
    """As rattler-build, which builds it there, understands it."""
    path = ROOT / "release" / "recipe" / "recipe.yaml"
    (rendered,) = Stage0Recipe.from_file(str(path)).render()
    return rendered.recipe.to_dict()


def as_conda(lines):
    needs = [Requirement(line) for line in lines]
    return {f"{NAMES.get(need.name, need.name)} {need.specifier}" for need in needs}


def test_it_runs_with_what_pip_installs(recipe):
    asked = set(recipe["requirements"]["run"])
    python = f"python {PROJECT['requires-python']}"
    assert asked == as_conda(PROJECT["dependencies"]) | {python}


def test_it_bounds_what_the_extras_bound(recipe):
    extras = PROJECT["optional-dependencies"]
    lines = {line for name in set(extras) - OURS for line in extras[name]}
    assert set(recipe["requirements"]["run_constraints"]) == as_conda(lines)


def test_it_is_built_with_what_pip_builds_with(recipe):
    lowest = PROJECT["requires-python"].removeprefix(">=")
    needs = as_conda(BUILD_AND_PROJECT["build-system"]["requires"])
    asked = set(recipe["requirements"]["host"])
    assert asked == needs | {"pip", f"python {lowest}.*"}


def test_it_says_what_the_project_says(recipe):
    about, build = recipe["about"], recipe["build"]
    assert about["summary"] == PROJECT["description"]
    assert about["license"] == PROJECT["license"]
    assert about["license_file"] == PROJECT["license-files"]
    commands = [f"{name} = {to}" for name, to in PROJECT["scripts"].items()]
    assert build["python"]["entry_points"] == commands
    assert build["noarch"] == "python"


def test_its_tests_are_of_packages_and_commands_that_there_are(recipe):
    python, script = recipe["tests"]
    for name in python["python"]["imports"]:
        assert (ROOT / name.replace(".", "/") / "__init__.py").exists()
    assert script["script"].split()[0] in PROJECT["scripts"]


def test_it_builds_what_was_built_here(recipe):
    (source,) = recipe["source"]
    assert (ROOT / "release" / "recipe" / source["path"]).resolve().exists()
