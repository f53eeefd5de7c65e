"""Text and shorthand in, graphs and worksheets out."""
