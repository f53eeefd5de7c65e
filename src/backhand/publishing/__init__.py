"""Student sheets and keys of a worksheet: PDF, HTML, LaTeX, Markdown, Jupyter notebooks."""
