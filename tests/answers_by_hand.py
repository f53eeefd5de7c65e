"""Right and wrong answers to the examples' questions, written by hand."""

# ruff: noqa: E501 - a table is easier to read with long lines
from __future__ import annotations

_SIGMOID = (
    ("sigma(b) (1 - sigma(b))", r"\sigma(b)(1-\sigma(b))", "e^{-b}/(1+e^{-b})^2", "σ(b) − σ(b)²",
     "sigmoid(b)*(1-sigmoid(b))", "1/(1+e^{-b}) * (1 - 1/(1+e^{-b}))", "σ(b) σ(-b)",
     "np.exp(-b)/(1+np.exp(-b))**2", "1/(e^b + 2 + e^{-b})", "sigma'(b)"),
    ("sigma(b)(1 - e^{-b})", "sigma(b)", "1 - sigma(b)^2", "sigma(b)(1 + sigma(b))", "-sigma(b)(1-sigma(b))",
     "e^{-b}/(1+e^{-b})", "e^b/(1+e^{-b})^2", "yhat (1 - yhat)", "1 - σ(b)", "2 σ(b)(1-σ(b))"),
)  # fmt: skip
BY_HAND: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("two-neurons", "3.1.2"): (("two", "2 matrices", "two weight matrices"), ("three", "1 matrix")),
    ("two-neurons", "3.1.3.1"): (
        ("2x3", "2 × 3", "(2, 3)", "2 by 3", r"2 \times 3", r"\mathbb{R}^{2 \times 3}", "R^{2×3}", "W_1 ∈ R^{2x3}", "2*3"),
        ("3x2", "2x2", "(3, 2)", "2 × 4", "3 × 3", "6", r"\mathbb{R}^{3 \times 2}", "(2,)"),
    ),
    ("two-neurons", "3.1.3.2"): (
        ("1x3", "1 × 3", "(1, 3)", "1 by 3", r"1 \times 3"), ("3x1", "1x2", "(3, 1)", "2 × 1", "3"),
    ),
    ("two-neurons", "3.1.8"): (("0", "class 0", "Class 0", "zero", "yhat = 0"), ("1", "class 1", "one", "2", "0.5")),
    ("two-neurons", "3.2.1"): (
        ("dJ/dyhat * dyhat/db * db/dW_{2,1,1}", "dell/dyhat dyhat/db db/dW_{2,1,1}",
         r"\frac{\partial J}{\partial W_{2,1,1}} = \frac{\partial \ell}{\partial \hat y} \frac{\partial \hat y}{\partial b} \frac{\partial b}{\partial W_{2,1,1}}",
         "dJ/dell dell/dyhat dyhat/db db/dW_2[1,1]", "dJ/db * db/dW_{2,1,1}", "db/dW_{2,1,1} * dJ/db", "-2(y - yhat) * dyhat/db * db/dW_{2,1,1}",
         "2(yhat - y) yhat(1 - yhat) db/dW_{2,1,1}", "dJ/dyhat * yhat(1-yhat) * z_1", "dJ/db * z_1", "z_1 dJ/db",
         "dJ/dyhat * sigma'(b) * db/dW_{2,1,1}", r"\frac{\partial J}{\partial \hat y} \hat y (1-\hat y) z_1"),
        ("dJ/dW_{2,1,1}", "dJ/dyhat * dyhat/db * db/dW_{2,1,2}", "dJ/dyhat * dyhat/db * db/dz_1",
         "dJ/dyhat + dyhat/db + db/dW_{2,1,1}", "dJ/dyhat * dyhat/da_1 * da_1/dW_{2,1,1}",
         "-dJ/dyhat * dyhat/db * db/dW_{2,1,1}", "2 dJ/db db/dW_{2,1,1}", "2(y - yhat) * dyhat/db * db/dW_{2,1,1}",
         "(yhat - y) dyhat/db db/dW_{2,1,1}", "dJ/dyhat * yhat(1 + yhat) * z_1", "dJ/db * z_2", "dJ/dyhat * yhat * z_1",
         "-2(y - yhat) yhat (1 - yhat) z_1", "dJ/db z_1 z_1", "dJ/dyhat * z_1", "dJ/db + z_1", "dJ/db / z_1"),
    ),
    ("two-neurons", "3.2.2"): (
        ("-2(y - yhat)", "2(yhat - y)", r"-2(y-\hat{y})", "−2 (y − ŷ)", "2 yhat - 2 y", "-2*y + 2*yhat", "-2*(y - y_hat)",
         r"2\hat y - 2 y", r"\frac{\partial \ell}{\partial \hat y} = -2(y - \hat y)"),
        ("2(y - yhat)", "y - yhat", "-(y - yhat)", "(y - yhat)^2", "-2y", "2(y + yhat)", "-2(y - yhat)^2", "yhat - y", "-2 (y - b)", "-1.987"),
    ),
    ("two-neurons", "3.2.3.1"): _SIGMOID,
    ("two-neurons", "3.2.3.2"): (
        ("yhat(1 - yhat)", r"\hat{y}(1-\hat{y})", "ŷ(1−ŷ)", "yhat - yhat^2", "-yhat(yhat - 1)", "yhat*(1-yhat)", "y_hat (1 - y_hat)", "ŷ − ŷ²"),
        ("1 - yhat", "yhat(1 + yhat)", "yhat^2 - yhat", "1 - yhat^2", "yhat", "sigma(b)(1-sigma(b))", "y(1 - y)", "2 yhat (1 - yhat)", "0.006648"),
    ),
    ("two-neurons", "3.2.4"): (("z_1", "3", "z[1]", "relu(a_1)", "z₁"), ("z_2", "a_1^2", "W_{2,1,1}", "1", "-3", "x_1")),
    ("two-neurons", "3.2.7"): (("W_{2,1,1}", "-2", "W_2[1,1]", "W₂[1,1]", "−2"), ("W_{2,1,2}", "2", "z_1", "W_{1,1,1}", "1", "-3")),
    ("two-neurons", "3.2.8"): (("1", "relu'(a_1)", "[a_1 > 0]", "1.0"), ("0", "a_1", "z_1", "3", "[a_2 > 0]", "-1")),
    ("two-neurons", "3.2.9"): (("x_2", "5", "x[2]", "x₂"), ("x_1", "2", "W_{1,1,2}", "-5", "1")),
    ("two-neurons", "3.2.5"): (
        ("-2(y - yhat) yhat (1 - yhat) z_1", "-6 (1 - yhat)^2 yhat", "-2(1 - 0.006693) * 0.006648 * 3", r"-2(y-\hat y)\hat y(1-\hat y) z_1"),
        ("2(y - yhat) yhat (1 - yhat) z_1", "-2(y - yhat) yhat z_1", "(y - yhat) yhat (1 - yhat) z_1", "-2(y - yhat) yhat (1 - yhat) z_2", "-2(1-0.006693)*0.0067*5"),
    ),
    ("two-neurons", "3.2.6"): (
        ("dJ/dyhat dyhat/db db/dz_1 dz_1/da_1 da_1/dW_{1,1,2}", "dJ/db db/dz dz/da da/dW_{1,1,2}", "dJ/da_1 * da_1/dW_{1,1,2}",
         "dJ/db * W_{2,1,1} * dz_1/da_1 * da_1/dW_{1,1,2}", "dJ/db W_{2,1,1} relu'(a_1) x_2", "dJ/da_1 * x_2",
         "-2(y-yhat) yhat(1-yhat) W_{2,1,1} dz_1/da_1 x_2", "dJ/dyhat sigma'(b) W_{2,1,1} [a_1 > 0] da_1/dW_{1,1,2}",
         r"\sum_j \frac{\partial J}{\partial z_j}\frac{\partial z_j}{\partial a_j}\frac{\partial a_j}{\partial W_{1,1,2}}"),
        ("dJ/dyhat dyhat/db db/dz_2 dz_2/da_2 da_2/dW_{1,1,2}", "dJ/dyhat dyhat/db db/da_1", "dJ/dW_{1,1,2}", "dJ/db dz_1/da_1 da_1/dW_{1,1,2}",
         "dJ/dyhat dyhat/db db/dz_1 dz_1/da_1 da_1/dx_2", "dJ/da_2 da_2/dW_{1,1,2}",
         "dJ/db W_{2,1,2} dz_1/da_1 x_2", "dJ/db W_{2,1,1} dz_1/da_1 x_1", "dJ/da_1 x_1", "dJ/db W_{2,1,1} x_2", "dJ/db W_{2,1,1} [a_2 > 0] x_2"),
    ),
    ("two-neurons", "3.3.1"): (("2*3", "2*3 = 6", "six", "6 parameters"), ("2*2", "3", "five", "2*4")),
    ("two-neurons", "3.3.2"): (("zero", "0 parameters"), ("2", "one")),
    ("two-neurons", "3.3.3"): (("6 + 3", "6 + 3 = 9", "2*3 + 1*3"), ("6 + 2", "2*2 + 1*2", "12")),
    ("chain-rule", "2.1"): (
        (r"\frac{dy}{du}\frac{du}{dx} + \frac{dy}{dv}\frac{dv}{dx}", "dv/dx dy/dv + dy/du du/dx"),
        ("dy/du du/dx", "dy/du du/dx - dy/dv dv/dx", "dy/du dv/dx + dy/dv du/dx", "dy/dx", "(dy/du + dy/dv)(du/dx + dv/dx)"),
    ),
    ("chain-rule", "2.2"): (
        ("x^2 cos(x) + 2 x sin(x)", "x (x cos(x) + 2 sin(x))", r"x^2 \cos x + 2x \sin x", "v cos(x) + 2 u x", "2x*sin(x) + x**2*cos(x)", "cos(x) v + 2 x u", "dy/dx = 2x sin(x) + x² cos(x)"),
        ("2 x cos(x)", "x^2 cos(x) - 2 x sin(x)", "x^2 sin(x) + 2 x cos(x)", "-x^2 cos(x) + 2 x sin(x)", "x^2 cos(x) + x sin(x)", "2x sin(x)", "x^2 cos(x)"),
    ),
    ("chain-rule", "2.3.1"): (("v", "x^2", "x*x"), ("u", "1", "2v", "x", "sin(x)")),
    ("chain-rule", "2.3.2"): (("u", "sin(x)", r"\sin x"), ("v", "1", "-u", "cos(x)", "x^2")),
    ("chain-rule", "2.4.2"): (("1/v", "v^{-1}", "1/x^2", r"\frac{1}{v}"), ("-1/v", "v", "u/v", "1/v^2", "1/u")),
    ("chain-rule", "2.4.3"): (("-u/v^2", r"-\frac{u}{v^2}", "-u v^{-2}", "-sin(x)/x^4", "−u/v²"), ("u/v^2", "-1/v^2", "-u/v", "-v/u^2", "-sin(x)/x^2")),
    ("chain-rule", "2.4.4"): (
        ("cos(x)/x^2 - 2 sin(x)/x^3", "(x cos(x) - 2 sin(x))/x^3", "(v cos(x) - 2 x u)/v^2", r"\frac{x^2 \cos x - 2 x \sin x}{x^4}"),
        ("cos(x)/x^2 + 2 sin(x)/x^3", "(x cos(x) - sin(x))/x^3", "cos(x)/(2x)", "(2 x sin(x) - x^2 cos(x))/x^4", "cos(x)/x^2 - 2 sin(x)/x^2"),
    ),
    ("chain-rule", "3.1.1"): (("true", "True", "yes", "correct"), ("false", "no")),
    ("chain-rule", "3.1.2"): (("true", "It holds"), ("false", "not true")),
    ("chain-rule", "3.3"): (("false", "no", "wrong", "doesn't hold"), ("true", "yes", "holds")),
    ("definitions", "1.1.1"): (("convex", "It is convex", "strictly convex"), ("concave", "neither", "not convex")),
    ("definitions", "1.1.2"): (("convex",), ("concave", "linear")),
    ("definitions", "1.1.3"): (("convex",), ("neither",)),
    ("definitions", "1.1.5"): (("neither", "neither convex nor concave"), ("convex", "concave", "affine")),
    ("definitions", "2.1"): (
        ("dy/da da/dt + dy/db db/dt", r"\frac{dy}{da}\frac{da}{dt} + \frac{dy}{db}\frac{db}{dt}"),
        ("dy/da da/dt", "dy/da db/dt + dy/db da/dt", "dy/da da/dt * dy/db db/dt", "dy/dt"),
    ),
    ("definitions", "2.2.1"): (
        (r"\sum_{i=1}^N \frac{\partial y}{\partial z_i}\frac{\partial z_i}{\partial t}", "dy/dz dz/dt", r"\frac{\partial y}{\partial \mathbf{z}}\frac{\partial \mathbf{z}}{\partial t}"),
        ("dz/dt dy/dz", "dy/dz", "dy/dt", "dy/dz_1 dz_1/dt"),
    ),
    ("definitions", "2.2.2"): (("dy/dz dz/dt", "∂y/∂z · ∂z/∂t"), ("dz/dt dy/dz", "dz/dy dz/dt")),
    ("definitions", "2.3"): (("dy/dz dz/dv", r"\frac{\partial y}{\partial z} \frac{\partial z}{\partial v}"), ("dz/dv dy/dz", "dz/dv", "dy/dv")),
    ("definitions", "2.4"): (
        ("dy/dz dz/dv + dy/dw dw/dv", "dy/dw dw/dv + dy/dz dz/dv"), ("dy/dz dz/dv", "dz/dv dy/dz + dw/dv dy/dw", "dy/dz dw/dv + dy/dw dz/dv"),
    ),
    ("definitions", "3.1.1"): (("false", "no"), ("true", "correct")),
    ("definitions", "3.1.3"): (("true", "proved"), ("false",)),
    ("linear-regression", "1.1"): (
        ("(y - p)^2", "(p - y)^2", "(y - (w x + b))^2", "J(w, b) = (y - w x - b)^2", "y^2 - 2 y p + p^2"),
        ("y - p", "(y + p)^2", "y^2 - p^2", "(y - w x + b)^2", "-(y - p)^2", "(y - w x)^2"),
    ),
    ("linear-regression", "2.1.1"): (("-2 (y - p) x", "2 x (p - y)", "-2(3 - 1)*1", "2 (w x + b - y) x"), ("2 (y - p) x", "-(y - p) x", "-2 (y - p)^2 x", "2 (p - y) w")),
    ("linear-regression", "2.1.2"): (("-2 (y - p)", "2(p - y)"), ("2 (y - p)", "p - y", "-2 (y + p)")),
    ("logistic-regression", "1.2"): (("0", "class 0", "zero"), ("1", "class 1")),
    ("logistic-regression", "1.4.1"): (("dJ/ds ds/dw_1", r"\frac{\partial J}{\partial p}\frac{\partial p}{\partial s}\frac{\partial s}{\partial w_1}", "(p - y) ds/dw_1", "dJ/ds x_1", "dJ/dp p(1-p) x_1", "dJ/dp sigma'(s) ds/dw_1"), ("dJ/dp dp/dw_2", "dJ/ds ds/dw_2", "dJ/ds ds/dx_1", "(y - p) ds/dw_1", "dJ/ds x_2", "dJ/dp p x_1", "dJ/ds w_1")),
    ("logistic-regression", "1.5"): (
        ("p - y", "-(y - p)", "sigma(s) - y", "-y (1 - p) + (1 - y) p", "p - 1"),
        ("y - p", "p + y", "p (1 - p)", "-y/p + (1 - y)/(1 - p)", "p y"),
    ),
    ("logistic-regression", "1.4.2"): (("(p - y) x_1", "x_1 (sigma(s) - y)", "(p - y) x[1]"), ("(y - p) x_1", "(p - y) x_2", "p - 2 y", "(p - y) w_1")),
    ("logistic-regression", "2.1"): (
        ("-y log(p) - (1 - y) log(1 - p)", "-(y ln(p) + (1 - y) ln(1 - p))", r"-y \log p - (1-y) \log(1-p)"),
        ("y log(p) + (1 - y) log(1 - p)", "-y log(p)", "(y - p)^2", "-y log(p) - (1 - y) log(p)"),
    ),
    ("softmax-classifier", "1.3"): (("2", "class 2", "two"), ("1", "3", "class 0")),
    ("three-layers", "2.2"): (
        ("dJ/dyhat * W_3 * dh_2/da_2 * W_2 * dh_1/da_1 * da_1/dW_1[1,1]", "-2(y - yhat) dyhat/dh_2 dh_2/da_2 da_2/dh_1 dh_1/da_1 da_1/dW_1[1,1]"),
        ("dJ/dyhat * W_3 * W_2 * dh_1/da_1 * da_1/dW_1[1,1]", "2(y - yhat) dyhat/dh_2 dh_2/da_2 da_2/dh_1 dh_1/da_1 da_1/dW_1[1,1]",
         "dJ/dyhat * W_2 * dh_2/da_2 * W_3 * dh_1/da_1 * da_1/dW_1[1,1]", "dJ/dyhat * W_3^T * dh_2/da_2 * W_2 * dh_1/da_1 * da_1/dW_1[1,1]"),
    ),
    ("three-layers", "2.1"): (
        ("1 - h_1[1]^2", "1 - h_{1,1}^2", "(1 - h_1[1])(1 + h_1[1])", "−h₁[1]² + 1"),
        ("1 - h_1[1]", "h_1[1] (1 - h_1[1])", "1 + h_1[1]^2", "h_1[1]^2 - 1", "1 - h_1[2]^2", "0.42"),
    ),
}  # fmt: skip
"""By example and part: what is right, what is wrong."""
