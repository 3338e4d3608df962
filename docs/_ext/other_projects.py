"""Links to the documentation of other projects, known by heart: no build asks the net.

intersphinx would fetch an inventory of each at every build, or need a copy of it here.
"""

from docutils import nodes

SKLEARN = "https://scikit-learn.org/stable/"
PYTORCH = "https://docs.pytorch.org/docs/stable/"
# What scikit-learn's own docstrings point at, in methods that are inherited.
LABELS = {
    "accuracy_score": f"{SKLEARN}modules/model_evaluation.html#accuracy-score",
    "meta-estimator": f"{SKLEARN}glossary.html#term-meta-estimator",
    "metadata_routing": f"{SKLEARN}metadata_routing.html",
    "r2_score": f"{SKLEARN}modules/model_evaluation.html#r2-score",
}
PLACES = {
    "sklearn": SKLEARN + "modules/generated/{name}.html",
    "torch": PYTORCH + "generated/{name}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{name}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{name}.html",
    "pandas": "https://pandas.pydata.org/docs/reference/api/{name}.html",
    "matplotlib": "https://matplotlib.org/stable/api/_as_gen/{name}.html",
    "skorch": "https://skorch.readthedocs.io/en/stable/search.html?q={name}",
    "joblib": "https://joblib.readthedocs.io/en/stable/generated/{name}.html",
}


def resolve_elsewhere(app, env, node, contnode):
    """A link to what no page of ours has, if it is known where it is."""
    target = node.get("reftarget", "")
    if node.get("refdomain") == "py":
        place = PLACES.get(target.partition(".")[0])
        uri = place and place.format(name=target)
    else:
        uri = LABELS.get(target)
    if not uri:
        return None
    return nodes.reference("", "", contnode, internal=False, refuri=uri)


def setup(app):
    """Called by Sphinx."""
    app.connect("missing-reference", resolve_elsewhere)
    return {"parallel_read_safe": True}
