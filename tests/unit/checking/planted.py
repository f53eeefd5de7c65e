"""One slip planted in each: file, what stood there, what stands there now, the slip's name.

None: a slip without a name of its own. The line of `old` is the one that has to be named.
"""

from __future__ import annotations

T, M, A = "typed_4_digits.txt", "markdown_3_digits.md", "align.tex"
D, N, Q, E, X = "two_digits.txt", "numerator.md", "denominator.md", "exact.md", "matrices.md"

SLIPS: tuple[tuple[str, str, str, str | None], ...] = (
    # digits: the last one wrong, two swapped, the point moved, cut off instead of rounded
    (T, "1/(1 + e^5) = 0.006693", "1/(1 + e^5) = 0.006694", "wrong last digit"),
    (T, "(1 - 0.006693)^2 = 0.9867", "(1 - 0.006693)^2 = 0.9866", "wrong last digit"),
    (T, "2(0.006693 - 1) = -1.987", "2(0.006693 - 1) = -1.986", "wrong last digit"),
    (T, "0.9933 = 0.006648", "0.9933 = 0.006684", "digits swapped"),
    (T, "· 3 = -0.03963", "· 3 = -0.03693", "digits swapped"),
    (T, "· 5 = 0.1321", "· 5 = 0.01321", "decimal point"),
    (T, "· 5 = 0.1321", "· 5 = 1.321", "decimal point"),
    (T, "(-0.03963) = -1.92074", "(-0.03963) = -1.92047", "digits swapped"),
    (M, "\\approx 0.987$", "\\approx 0.986$", "wrong last digit"),
    (M, "0.993 = 0.00664", "0.993 = 0.00646", "digits swapped"),
    (M, "\\cdot 3 = -0.0396", "\\cdot 3 = -0.0369", "digits swapped"),
    (A, "\\approx 0.0066929", "\\approx 0.0066928", "wrong last digit"),
    (A, "\\approx -0.039621", "\\approx -0.039612", "digits swapped"),
    (A, "= -1.9866 \\\\", "= -1.9865 \\\\", "wrong last digit"),
    (D, "≈ 0.0067\n", "≈ 0.0066\n", "wrong last digit"),
    (D, "≈ 0.0066\n", "≈ 0.0065\n", "wrong last digit"),
    (D, "≈ 0.99\n", "≈ 0.98\n", "wrong last digit"),
    (X, "-0.039621 & 0", "-0.039612 & 0", "digits swapped"),
    (X, "0.026414 \\\\ 0", "0.026441 \\\\ 0", "digits swapped"),
    # squares
    (T, "(1 - 0.006693)^2 = 0.9867", "(1 - 0.006693)^2 = 0.9933", "square lost"),
    (T, "J = (y - yhat)^2", "J = (y - yhat)", "square lost"),
    (M, "(1 - 0.00669)^2 \\approx 0.987", "(1 - 0.00669)^2 \\approx 0.993", "square lost"),
    (D, "ℓ = (1 - 0.0067)^2", "ℓ = (1 - 0.0067)", "square lost"),
    (D, "= ŷ - ŷ^2", "= ŷ - ŷ", "square lost"),
    (E, "{(1 + e^5)^2}", "{(1 + e^5)}", "square lost"),
    # signs
    (T, "b = W_2 z = 1 - 2·3", "b = W_2 z = 1 + 2·3", "sign"),
    (T, "2(yhat - y)", "2(y - yhat)", "sign"),
    (T, "db/dz_1 = W_{2,1,1} = -2", "db/dz_1 = W_{2,1,1} = 2", "sign"),
    (T, "· 5 = 0.1321", "· 5 = -0.1321", "sign"),
    (M, "(\\hat{y} - y) = -1.99", "(\\hat{y} - y) = 1.99", "sign"),
    (M, "\\hat{y}(1 - \\hat{y}) =", "\\hat{y}(1 + \\hat{y}) =", "sign"),
    (A, "= -2 (y - \\hat{y})", "= 2 (y - \\hat{y})", "sign"),
    (A, "= 1 - 6 + 0", "= 1 + 6 + 0", "sign"),
    (E, "= -\\frac{2 e^5}{1 + e^5}", "= \\frac{2 e^5}{1 + e^5}", "sign"),
    (E, "u\\frac{dv}{dx} + v", "u\\frac{dv}{dx} - v", "wrong rule"),
    # factors
    (T, "dJ/dyhat = 2(yhat - y)", "dJ/dyhat = (yhat - y)", "factor 2 forgotten"),
    (M, "= 2(\\hat{y} - y) = -1.99", "= 2(\\hat{y} - y) = -0.993", "factor 2 forgotten"),
    (A, "-2 (y - \\hat{y})", "-(y - \\hat{y})", "factor 2 forgotten"),
    (N, "= 2(\\hat y - y) \\hat y", "= (\\hat y - y) \\hat y", "factor 2 forgotten"),
    (T, "dyhat/db · db/dW_{2,1,1} = -1.987", "db/dW_{2,1,1} = -1.987", "factor missing"),
    (T, "dJ/dW_{1,1,2} = -1.987 · 0.006648 · (-2) · 1 · 5", "dJ/dW_{1,1,2} = -1.987 · 0.006648 · (-2) · 1",
     "factor missing"),
    (M, "{\\partial J}{\\partial b} z_1 = -0.0132 \\cdot 3", "{\\partial J}{\\partial b} = -0.0132 \\cdot 3",
     "factor missing"),
    (A, "\\cdot \\hat{y} (1 - \\hat{y}) \\cdot z_1", "\\cdot \\hat{y} \\cdot z_1", "factor missing"),
    (Q, "\\frac{\\partial J}{\\partial a_1} x_2", "\\frac{\\partial J}{\\partial a_1}", "factor missing"),
    # matrices
    (X, "W_2^T \\delta_2 \\odot", "W_2 \\delta_2 \\odot", "transposed"),
    (X, "\\delta_1 [1; x]^T", "\\delta_1 [1; x]", "transposed"),
    (N, "\\frac{\\partial z}{\\partial a} $$", "\\frac{\\partial a}{\\partial z} $$", None),
    (N, "0.0264 & 0 \\end", "0.0264 & -0.0264 \\end", "factor missing"),
    (Q, "{\\partial z}{\\partial a} \\frac{\\partial b}{\\partial z} \\frac{\\partial J}{\\partial b} =",
     "{\\partial b}{\\partial z} \\frac{\\partial J}{\\partial b} =", "factor missing"),
    # activations
    (T, "z = ReLU(a) = (3, 0)", "z = ReLU(a) = (3, -2)", "activation forgotten"),
    (T, "dyhat/db = yhat (1 - yhat)", "dyhat/db = yhat", "sigma and sigma' mixed up"),
    (A, "= \\sigma'(b) \\\\", "= \\sigma(b) \\\\", "sigma and sigma' mixed up"),
    (E, "$\\sigma' = \\sigma(1 - \\sigma)$", "$\\sigma' = \\sigma(1 + \\sigma)$", "wrong rule"),
    (X, "\\, \\sigma'(b)", "\\, \\sigma(b)", "sigma and sigma' mixed up"),
    (D, "z_1 = max(0, 3) = 3, z_2 = 0", "z_1 = max(0, 3) = 3, z_2 = -2", "activation forgotten"),
    # biases, indices, entries
    (T, "a = W_1 x = (3, -2)", "a = W_1 x = (1, -1)", "bias forgotten"),
    (T, "b = W_2 z = 1 - 2·3 + 2·0", "b = W_2 z = -2·3 + 2·0", "bias forgotten"),
    (D, "a_1 = 2 + 3·2 - 5 = 3", "a_1 = 3·2 - 5 = 1", "bias forgotten"),
    (T, "db/dW_{2,1,1} = z_1 = 3", "db/dW_{2,1,1} = z_2 = 0", "index off by one"),
    (T, "da_1/dW_{1,1,2} = x_2 = 5", "da_1/dW_{1,1,2} = x_1 = 2", "index off by one"),
    (A, "W_{2,1,1} z_1 +", "W_{2,1,0} z_1 +", "index off by one"),
    (D, "b = 1 - 2 z_1 + 2 z_2", "b = 1 - 2 z_1 + 2 z_1", "index off by one"),
    # copying, arithmetic, updates
    (T, "= 2(0.006693 - 1) =", "= 2(0.06693 - 1) =", "copied wrongly"),
    (T, "dJ/dW_{1,1,2} = -1.987 · 0.006648", "dJ/dW_{1,1,2} = -1.987 · 0.006684", "copied wrongly"),
    (A, "= -1.9866 \\cdot 0.0066481 \\cdot 3", "= -1.9866 \\cdot 0.0066481 \\cdot 5", "copied wrongly"),
    (D, "= 2 d = 2·(-0.99)", "= 2 d = 2·(-0.89)", "copied wrongly"),
    (T, "2·0 = -5", "2·0 = -4", "arithmetic"),
    (A, "&= -5", "&= -7", "arithmetic"),
    (D, "- 2·(-0.040) = -1.92", "- 2·(-0.040) = -1.82", "copied wrongly"),
    (T, ":= W_{2,1,1} - eta dJ", ":= W_{2,1,1} + eta dJ", "update added"),
    (T, "- eta dJ/dW_{2,1,1} =", "- dJ/dW_{2,1,1} =", "learning rate forgotten"),
    (X, "W_1 - \\eta", "W_1 + \\eta", "update added"),
)  # fmt: skip
