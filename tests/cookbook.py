"""Derivative identities of the Matrix Cookbook, as facts: what, by what, and the derivative.

Petersen and Pedersen, The Matrix Cookbook, version of November 15, 2012, chapter 2; the number is
that of the equation there. A scalar by a matrix has the matrix's shape, so these are in
denominator layout. `S` and `R` are symmetric; `A`, `B`, `C`, `D`, `X` are square, `Y` is not.
"""

IDENTITIES = (
    # determinants
    ("49", "det(X)", "X", "det(X) (X^{-1})^T"),
    ("51", "det(A X B)", "X", "det(A X B) (X^{-1})^T"),
    ("52", "det(X^T A X)", "X", "2 det(X^T A X) (X^{-1})^T"),
    ("54", "det(Y^T S Y)", "Y", "2 det(Y^T S Y) S Y (Y^T S Y)^{-1}"),
    ("55", "log(det(Y^T Y))", "Y", "2 Y (Y^T Y)^{-1}"),
    ("57", "logdet(X X^T) / 2", "X", "(X^{-1})^T"),
    ("58", "det(X X)", "X", "2 det(X X) (X^{-1})^T"),
    # inverses
    ("61", "a^T X^{-1} b", "X", "-(X^{-1})^T a b^T (X^{-1})^T"),
    ("62", "det(X^{-1})", "X", "-det(X^{-1}) (X^{-1})^T"),
    ("63", "tr(A X^{-1} B)", "X", "-(X^{-1} B A X^{-1})^T"),
    ("64", "tr((X + A)^{-1})", "X", "-((X + A)^{-1} (X + A)^{-1})^T"),
    # first order
    ("69", "x^T a", "x", "a"),
    ("69b", "a^T x", "x", "a"),
    ("70", "a^T X b", "X", "a b^T"),
    ("71", "a^T X^T b", "X", "b a^T"),
    ("72", "a^T X a", "X", "a a^T"),
    ("72b", "a^T X^T a", "X", "a a^T"),
    # second order
    ("76", "b^T X^T X c", "X", "X (b c^T + c b^T)"),
    ("77", "(B x + b)^T C (D x + c)", "x", "B^T C (D x + c) + D^T C^T (B x + b)"),
    ("79", "b^T X^T D X c", "X", "D^T X b c^T + D X c b^T"),
    ("81", "x^T B x", "x", "(B + B^T) x"),
    ("83", "(X b + c)^T D (X b + c)", "X", "(D + D^T) (X b + c) b^T"),
    ("84", "(x - A b)^T S (x - A b)", "b", "-2 A^T S (x - A b)"),
    ("85", "(x - b)^T S (x - b)", "x", "2 S (x - b)"),
    ("86", "(x - b)^T S (x - b)", "b", "-2 S (x - b)"),
    ("87", "(x - A b)^T S (x - A b)", "x", "2 S (x - A b)"),
    ("88", "(x - A b)^T S (x - A b)", "A", "-2 S (x - A b) b^T"),
    ("97", "x^T A x + b^T x", "x", "(A + A^T) x + b"),
    # traces, first order
    ("99", "tr(X)", "X", "I"),
    ("100", "tr(X A)", "X", "A^T"),
    ("101", "tr(A X B)", "X", "A^T B^T"),
    ("102", "tr(A X^T B)", "X", "B A"),
    ("103", "tr(X^T A)", "X", "A"),
    ("104", "tr(A X^T)", "X", "A"),
    # traces, second order
    ("106", "tr(X X)", "X", "2 X^T"),
    ("107", "tr(X X B)", "X", "(X B + B X)^T"),
    ("108", "tr(X^T B X)", "X", "B X + B^T X"),
    ("109", "tr(B X X^T)", "X", "B X + B^T X"),
    ("110", "tr(X X^T B)", "X", "B X + B^T X"),
    ("111", "tr(X B X^T)", "X", "X B^T + X B"),
    ("112", "tr(B X^T X)", "X", "X B^T + X B"),
    ("113", "tr(X^T X B)", "X", "X B^T + X B"),
    ("114", "tr(A X B X)", "X", "A^T X^T B^T + B^T X^T A^T"),
    ("115", "tr(X^T X)", "X", "2 X"),
    ("116", "tr(B^T X^T C X B)", "X", "C^T X B B^T + C X B B^T"),
    ("117", "tr(X^T B X C)", "X", "B X C + B^T X C^T"),
    ("118", "tr(A X B X^T C)", "X", "A^T C^T X B^T + C A X B"),
    ("119", "tr((A X B + C) (A X B + C)^T)", "X", "2 A^T (A X B + C) B^T"),
    # traces, higher order and inverses
    ("121", "tr(X X X)", "X", "3 (X X)^T"),
    ("122", "tr(A X X X)", "X", "(A X X + X A X + X X A)^T"),
    ("123", "tr(B^T X^T C X X^T C X B)", "X",
     "C X X^T C X B B^T + C^T X B B^T X^T C^T X + C X B B^T X^T C X + C^T X X^T C^T X B B^T"),
    ("125", "tr((Y^T S Y)^{-1} E)", "Y", "-(S Y (Y^T S Y)^{-1}) (E + E^T) (Y^T S Y)^{-1}"),
    ("126", "tr((Y^T S Y)^{-1} (Y^T R Y))", "Y",
     "-2 S Y (Y^T S Y)^{-1} Y^T R Y (Y^T S Y)^{-1} + 2 R Y (Y^T S Y)^{-1}"),
    # norms
    ("129", "norm(x - a)", "x", "(x - a) / norm(x - a)"),
    ("131", "norm(x)^2", "x", "2 x"),
    ("132", "norm(X)^2", "X", "2 X"),
    ("132b", "norm(X)", "X", "X / norm(X)"),
    # by entries
    ("Hadamard", "sum(A ⊙ X)", "X", "A"),
    ("Hadamard twice", "sum(X ⊙ X ⊙ X)", "X", "3 (X ⊙ X)"),
    ("outer", "a^T (x x^T) b", "x", "a (x^T b) + b (a^T x)"),
    ("log-sum-exp", "logsumexp(A x)", "x", "A^T softmax(A x)"),
)  # fmt: skip

HESSIANS = (
    ("98", "x^T A x + b^T x", "A + A^T"),
    ("Gauss", "norm(A x - b)^2", "2 A^T A"),
    ("log-sum-exp", "logsumexp(x)", "diag(softmax(x)) - softmax(x) softmax(x)^T"),
    ("quartic", "(x^T x)^2", "4 (x^T x) I + 8 x x^T"),
    ("norm", "norm(x)", "I / norm(x) - x x^T / norm(x)^3"),
)
"""Scalars, and their second derivatives by x."""
