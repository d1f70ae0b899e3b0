"""How Sphinx builds the documentation's site: ``make docs``.

Markdown as it stands in the repository, in a theme that loads nothing from anywhere.
"""

from importlib.metadata import version as installed

project = "Hogsend"
version = release = installed("hogsend")
copyright = "the Hogsend authors"  # noqa: A001 - Sphinx's name for it

extensions = ["myst_parser"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Hogsend {release}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "friendly"
