"""How the site is built: `tox run -e docs`."""

import os
import sys
from pathlib import Path

import overparam_sk
from overparam_sk.version import DOCUMENTATION

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "overparam_sk"
author = "The overparam_sk developers"
copyright = author
version = release = overparam_sk.__version__
# Where the site is hosted every version of it asks the newest which versions there are.
# There this is a tag, "stable", or "latest", which is the branch main.
built_of = os.environ.get("READTHEDOCS_VERSION")
newest = DOCUMENTATION.replace("/stable/", "/latest/") if built_of else ""

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "name_links",
    "other_projects",
    "solutions",
    "whole_pages",
]
nitpicky = True
exclude_patterns = ["_build", "tests", "**/GALLERY_HEADER.rst", "**/README.rst"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "overparam_sk"
html_static_path = ["_static"]
html_favicon = "_static/logo.svg"
html_css_files = ["site.css"]
# Pages that stand alone have nothing to show there.
ALONE = "changelog cite index install papers slips"
html_sidebars = {name: [] for name in ALONE.split()}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
        "text": "overparam_sk",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version", "theme-version"],
    "navbar_end": ["version-switcher", "theme-switcher"],
    "switcher": {
        "json_url": f"{newest}_static/switcher.json",
        "version_match": "dev" if built_of == "latest" else release,
    },
    "check_switcher": False,
}

sphinx_gallery_conf = {
    "examples_dirs": ["examples", "course"],
    "gallery_dirs": ["gallery", "lessons"],
    "backreferences_dir": "api/backreferences",
    "doc_module": ("overparam_sk",),
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": True,
    "show_signature": False,
    "copyfile_regex": r"",
    "min_reported_time": 1,
    "write_computation_times": False,
}
