"""Linear regression, logistic regression and networks on the same data, compared with evidence."""
