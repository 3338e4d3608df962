"""A reader who takes a lesson's notebook from the site can run all of it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SOURCES = sorted(Path(__file__).parents[1].glob("course/plot_*.py"))
PLACES = r"(section|eq\.|eqs\.|Theorem|Lemma|Proposition|appendix|Figure) [\dIVA-D]"


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def lesson(request):
    return request.param.stem


@pytest.fixture
def notebook(site, lesson):
    page = f"lessons/{lesson}.html"
    (found,) = {
        place
        for _, place, _ in site.targets(page, ".sphx-glr-download a[href]")
        if place.suffix == ".ipynb"
    }
    return nbformat.read(found, as_version=4)


@pytest.fixture
def text(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def test_there_are_five():
    assert [int(path.stem.split("_")[1]) for path in SOURCES] == [1, 2, 3, 4, 5]


@pytest.mark.timeout(120)
def test_a_notebook_runs_from_top_to_bottom(notebook, tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # as where nobody has set it
    NotebookClient(notebook, resources={"metadata": {"path": tmp_path}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert [o.text for o in outputs if o.get("name") == "stderr"] == []
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == sum(c.source.count("plt.show()") for c in code) > 0
    assert list(tmp_path.iterdir()) == []


def test_exercises_have_solutions_that_run(notebook, text):
    exercises = re.findall(r"^\*\*Exercise (\d+)\.\*\*", text, re.MULTILINE)
    solutions = re.findall(r"^#+ Solution (\d+)$", text, re.MULTILINE)
    assert exercises == solutions == [str(n + 1) for n in range(len(exercises))]
    assert 3 <= len(exercises) <= 5
    for cell, following in zip(notebook.cells, notebook.cells[1:], strict=False):
        if re.search(r"^#+ Solution \d", cell.source, re.MULTILINE):
            assert following.cell_type == "code"


def test_solutions_are_folded_on_the_page(site, lesson, text):
    article = site.soups[f"lessons/{lesson}.html"].article
    folded = article.select("details.solution")
    assert len(folded) == len(re.findall("^#+ Solution ", text, re.MULTILINE))
    assert all(fold.select(".highlight") for fold in folded)
    assert not any(fold.has_attr("open") for fold in folded)


def test_a_lesson_begins_with_a_question_and_says_where_in_the_paper(text, lesson):
    title, question = text.strip().split("\n\n")[:2]
    assert title.startswith(f"# {lesson.split('_')[1]}. ")
    assert question.startswith("*")
    assert question.endswith("?*")
    assert "## Summary" in text
    assert re.search("Li and Liang|Kong", text)
    assert len(re.findall(PLACES, text)) >= 2


def test_a_notebook_has_no_markup_of_the_site(text):
    assert re.findall(r":[\w:]+:`|^\.\. .*|`_\b|`__\b", text, re.MULTILINE) == []


def test_names_lead_to_their_pages(site, lesson):
    article = site.soups[f"lessons/{lesson}.html"].article
    assert article.select('p a[href*="api/generated/overparam_sk"] code')
