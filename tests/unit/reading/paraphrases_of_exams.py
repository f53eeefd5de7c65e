"""Forty questions as problem sheets and exams put them, in words of our own, and what each asks.

Written before the grammar was tried on them, after reading some thirty public problem sheets. One
was meant to be read and can't: a claim about the model's own quantities is no general rule.
"""

from __future__ import annotations

NEURON = """
x = [1; 2]
y = 1
w = [1/2; -1/2]
c = 0
z = w · x + c
p = sigmoid(z)
L(w, c; x, y) = -y log(p) - (1 - y) log(1 - p)
"""

READ: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("neuron", r"(5 points) Derive $\frac{\partial L}{\partial z}$.", ("derivative L z",)),
    (
        "neuron",
        r"Give the gradient of the loss with respect to the weight vector $w$.",
        ("gradient L w",),
    ),
    ("neuron", r"Evaluate $\nabla_w L$ for the values above.", ("gradient L w",)),
    ("neuron", "Calculate the neuron's output $p$.", ("value p",)),
    ("neuron", "Work out the weighted sum $z$.", ("value z",)),
    (
        "neuron",
        r"Update $w$ and $c$ by one step of gradient descent with a learning rate of 0.1.",
        ("update w eta=0.1", "update c eta=0.1"),
    ),
    (
        "neuron",
        r"With $\alpha = 0.5$, what are the weights $w$ after a single gradient descent update?",
        ("update w eta=0.5",),
    ),
    ("neuron", r"Find $\partial p / \partial z$ [2 marks].", ("local p z",)),
    ("neuron", "What is the binary cross-entropy loss of this prediction?", ("loss",)),
    ("neuron", r"Compute $\frac{dL}{dc}$ by the chain rule.", ("derivative L c",)),
    ("neuron", r"Is $L$ a convex function of $w$?", ("convex L w",)),
    (
        "network",
        r"**(a)** Do a forward pass and report $\mathbf{a}$, $\mathbf{z}$ and $\hat{y}$.",
        ("forward", "value a", "value z", "value yhat"),
    ),
    (
        "network",
        r"Backpropagate to obtain $\frac{\partial J}{\partial W_2}$.",
        ("gradient J W_2",),
    ),
    (
        "network",
        r"Derive the partial derivatives of $J$ w.r.t. $W_1$ and $W_2$.",
        ("gradient J W_1", "gradient J W_2"),
    ),
    ("network", "Sketch the computational graph of the network.", ("draw",)),
    ("network", "How many parameters does this network have in total?", ("parameters",)),
    (
        "network",
        r"Using the results from part (b), calculate the value of the loss function.",
        ("loss",),
    ),
    (
        "network",
        r"Determine the error signal $\frac{\partial J}{\partial b}$ at the output neuron.",
        ("derivative J b",),
    ),
    (
        "network",
        r"Apply the chain rule to write $\frac{\partial J}{\partial W_{1,1,1}}$ as a product of"
        r" local derivatives.",
        ("chain J W_1[1,1]",),
    ),
    (
        "softmax",
        r"Derive the gradient with regard to the scores $\mathbf{s}$ of the cross-entropy loss.",
        ("gradient J s",),
    ),
    (
        "softmax",
        r"Apply the softmax: what are the output probabilities $\hat{\mathbf{y}}$?",
        ("value yhat",),
    ),
    ("softmax", r"What shape does $\mathbf{s}$ have?", ("shape s",)),
    (
        "softmax",
        r"Derive the gradients $\frac{\partial J}{\partial W}$ and $\frac{\partial J}{\partial b}$"
        " (apply the chain rule).",
        ("gradient J W", "gradient J b"),
    ),
    ("line", r"Compute the gradients $dJ/dw$ and $dJ/db$.", ("derivative J w", "derivative J b")),
    (
        "line",
        "Perform one iteration of batch gradient descent over the whole dataset with"
        r" $\eta = 0.01$ and give the updated $w$ and $b$.",
        ("update w eta=0.01 over=all", "update b eta=0.01 over=all"),
    ),
)
"""The graph, the question, the asks."""

REPORTED: tuple[tuple[str, str], ...] = (
    (
        "softmax",
        r"Show that $\frac{\partial J}{\partial \mathbf{s}} = \hat{\mathbf{y}} - \mathbf{y}$.",
    ),
    ("neuron", r"Perform two steps of gradient descent on $w$ with $\eta = 0.1$."),
    ("neuron", r"Compute $\frac{\partial L}{\partial w}$ numerically with $\epsilon = 0.01$."),
    ("neuron", r"What is $p$ after the update with $\eta = 0.1$?"),
    ("neuron", r"Suppose $y = 0$ instead. What is the loss now?"),
    ("neuron", r"What happens to $\frac{\partial L}{\partial w}$ as $z$ goes to infinity?"),
    ("neuron", r"If the ReLU replaced the sigmoid, what would $p$ be?"),
    ("neuron", r"Compute the loss with an L2 penalty $\lambda = 0.1$."),
    ("network", r"Which hidden neurons are dead for this input?"),
    ("network", r"Which of the weights in $W_2$ has the largest gradient?"),
    ("network", r"Express $\delta_1$ in terms of $\delta_2$."),
    ("network", r"What is the gradient of $\hat{y}$ after the first hidden neuron is removed?"),
    ("network", r"Repeat part (a) for $\mathbf{x} = (1, 1)$."),
    ("softmax", r"Add 100 to every score. What are the probabilities $\hat{\mathbf{y}}$ now?"),
    ("softmax", r"What is the loss of a uniform prediction?"),
    ("line", r"What is the total loss $J$ summed over the three points?"),
)
"""The graph, and a question that has to be reported."""
