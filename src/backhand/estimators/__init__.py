"""Networks and linear models as scikit-learn's estimators, trained by the compiled loop."""
