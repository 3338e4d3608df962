"""Links to an HTML file beside a page open it; Sphinx would offer it as a download."""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import download_reference


def open_whole_pages(app, doctree, docname):
    """Copy what is linked beside the page that links it, and link that."""
    if app.builder.format != "html":
        return
    for link in list(doctree.findall(download_reference)):
        target = link.get("reftarget", "")
        source = Path(app.srcdir, docname).parent / target
        if source.suffix != ".html" or not source.exists():
            continue
        copy = Path(app.outdir, docname).parent / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        link.replace_self(
            nodes.reference("", "", *link.children, internal=False, refuri=target)
        )


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", open_whole_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
