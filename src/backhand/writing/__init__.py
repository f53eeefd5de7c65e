"""Setting a working on paper and screen: LaTeX, plain text, MathML, HTML, Markdown, JSON, SVG."""
