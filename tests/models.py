"""The worked example in five notations, and what reading a text gives."""

from __future__ import annotations

import pytest

from backhand.errors import BackhandError
from backhand.expr import show
from backhand.graph import Graph
from backhand.reading.meaning import model

LATEX = r"""
\mathbf{x} = \begin{bmatrix} 2 \\ 5 \end{bmatrix}
y = 1
W_1 = \begin{bmatrix} W_{1,1,0} & W_{1,1,1} & W_{1,1,2} \\ W_{1,2,0} & W_{1,2,1} & W_{1,2,2} \end{bmatrix}
    = \begin{bmatrix} 2 & 3 & -1 \\ -1 & -3 & 1 \end{bmatrix}
W_2 = \begin{bmatrix} W_{2,1,0} & W_{2,1,1} & W_{2,1,2} \end{bmatrix}
    = \begin{bmatrix} 1 & -2 & 2 \end{bmatrix}
\mathbf{a} = W_1 \mathbf{x}
\mathbf{z} = \text{ReLU}(\mathbf{a})
b = W_2 \mathbf{z}
\hat{y} = \sigma(b)
\ell(y,\hat{y}) = (y-\hat{y})^2
J(W_1, W_2; y, \mathbf{x}) = \ell(y, \hat{y}) = (y - \sigma (W_2 \text{ReLU}(W_1 \mathbf{x})))^2
"""
UNICODE = """
x = [2; 5]; y = 1
W₁ = [2, 3, −1; −1, −3, 1]; W₂ = [[1, −2, 2]]
a = W₁x
z = ReLU(a)
b = W₂z
ŷ = σ(b)
ℓ(y, ŷ) = (y − ŷ)²
J = ℓ(y, ŷ)
"""
ASCII = """
x = [2; 5]
y = 1
W_1 = [2, 3, -1; -1, -3, 1]
W_2 = [[1, -2, 2]]
a = W_1 x
z = relu(a)
b = W_2 z
yhat = sigmoid(b)
ell(y, yhat) = (y - yhat)^2
J(W_1, W_2; y, x) = ell(y, yhat)
"""
INDEXED = """
J = ell(y, yhat)
ell(y, yhat) = (y - yhat)^2
yhat = sigmoid(b)
b = sum_{k=0}^2 W_2[1,k] z[k]
z_i = relu(a_i)
a_m = sum_{n=0}^2 W_1[m,n] x[n]
x = [2; 5]
y = 1
W_1 = [[2, 3, -1], [-1, -3, 1]]
W_2 = [[1, -2, 2]]
"""
NUMPY = """
x = np.array([2, 5])
y = 1
W1 = np.array([[2, 3, -1], [-1, -3, 1]])
W2 = np.array([[1, -2, 2]])
a = W1 @ x
z = relu(a)
b = W2 @ z
y_hat = sigmoid(b)
ell(y, y_hat) = (y - y_hat)**2
J = ell(y, y_hat)
"""


def error(text: str, base: Graph | None = None) -> BackhandError:
    """The error that a text ends in, with a place and a mend."""
    with pytest.raises(BackhandError) as caught:
        model(text, base=base)
    assert caught.value.place is not None
    assert caught.value.mend
    return caught.value


def equations(text: str) -> dict[str, str]:
    """The equations of a text, in the plain form for debugging."""
    return {q.name: show(q.definition) for q in model(text) if q.definition is not None}
