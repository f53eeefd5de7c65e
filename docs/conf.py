"""How the documentation site is built: `python -m sphinx -W -b html docs docs/_build/html`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))

import backhand  # noqa: E402

project = "Backhand"
author = "the authors of Backhand"
release = version = backhand.__version__
html_title = "Backhand"
language = "en_GB"
smartquotes = False  # they would turn the quotes of code in plain text

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "building"]
exclude_patterns = ["_build", "building"]

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "backhand"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
pygments_style = "friendly"

autodoc_typehints_format = "short"
autodoc_type_aliases = {
    alias: alias for alias in ("ArrayLike", "Value", "Formula", "Prose", "Layout", "Schedule")
}
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
python_maximum_signature_line_length = 80
