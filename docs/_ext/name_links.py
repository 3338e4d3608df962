"""Names of the package in lessons and examples lead to their pages: ``theory_sheet``.

A role would do so too, but stays as it is written in the notebooks that sphinx-gallery
makes of the same text.
"""

from importlib import import_module

from docutils import nodes
from sphinx.addnodes import pending_xref

import overparam_sk

PACKAGES = (
    "overparam_sk",
    *(f"overparam_sk.{n}" for n in overparam_sk.PUBLIC_PACKAGES if n != "estimators"),
)
PLACES = {
    name: f"{package}.{name}"
    for package in PACKAGES
    for name in import_module(package).__all__
    if not name.startswith("_")
}


def link(app, doctree):
    if not app.env.docname.startswith(("gallery/", "lessons/")):
        return
    for paragraph in doctree.findall(nodes.paragraph):
        for literal in list(paragraph.findall(nodes.literal)):
            place = PLACES.get(literal.astext())
            if place and isinstance(literal.parent, nodes.paragraph):
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
