"""Solutions of exercises are folded: a click opens them. In a notebook they are open.

What is folded is a section whose title begins with "Solution", all but its title.
"""

from docutils import nodes

OPEN = '<details class="solution"><summary>Show the solution</summary>'


def fold(app, doctree):
    for section in list(doctree.findall(nodes.section)):
        title = section.next_node(nodes.title).astext()
        if title.startswith("Solution ") and app.builder.format == "html":
            section.insert(1, nodes.raw("", OPEN, format="html"))
            section.append(nodes.raw("", "</details>", format="html"))


def setup(app):
    app.connect("doctree-read", fold)
    return {"parallel_read_safe": True}
