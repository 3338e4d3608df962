"""Names of the package in running text lead to their pages: ``theory_sheet``.

A role would do so too, but stays as it is written in the notebooks that sphinx-gallery
makes of a lesson.
"""

from importlib import import_module

from docutils import nodes
from sphinx.addnodes import pending_xref

PACKAGES = (
    "overparam_sk",
    "overparam_sk.datasets",
    "overparam_sk.diagnostics",
    "overparam_sk.interop",
    "overparam_sk.model_selection",
    "overparam_sk.plotting",
    "overparam_sk.theory",
)
PLACES = {
    name: f"{package}.{name}"
    for package in PACKAGES
    for name in import_module(package).__all__
    if not name.startswith("_")
}


def link(app, doctree):
    for literal in list(doctree.findall(nodes.literal)):
        place = PLACES.get(literal.astext())
        if place is None or not isinstance(
            literal.parent, nodes.paragraph | nodes.strong | nodes.emphasis
        ):
            continue
        reference = pending_xref(
            refdomain="py",
            reftype="obj",
            reftarget=place,
            refexplicit=True,
            refwarn=True,
            refdoc=app.env.docname,
        )
        literal.replace_self(reference)
        reference += literal


def setup(app):
    app.connect("doctree-read", link)
    return {"parallel_read_safe": True}
