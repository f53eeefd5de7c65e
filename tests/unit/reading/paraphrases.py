"""Questions as several instructors would put them, with the asks that each must give.

Written before the grammar was tried on them. A question without asks is one that must be reported:
it is about something else, names what isn't there, or may mean two things.
"""

from __future__ import annotations

NETWORK = r"""
x = [2; 5]
y = 1
W_1 = [[2, 3, -1], [-1, -3, 1]]
W_2 = [[1, -2, 2]]
a = W_1 x
z = relu(a)
b = W_2 z
yhat = sigmoid(b)
ell(y, yhat) = (y - yhat)^2
J(W_1, W_2; y, x) = ell(y, yhat)
"""
SOFTMAX = """
x = [1; 2]
y = [0; 1; 0]
W = [[1, 0], [-1, 1], [2, -1]]
b = [0; 1; 0]
s = W x + b
yhat = softmax(s)
J = CE(y, yhat)
"""
LINE = """
x^{(1)} = 1, x^{(2)} = 2, x^{(3)} = 3
y^{(1)} = 3, y^{(2)} = 5, y^{(3)} = 7
w = 1
b = 0
p = w x + b
J = (y - p)^2
"""
GRAPHS = {"network": NETWORK, "softmax": SOFTMAX, "line": LINE}

READ: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("network", "Sketch the network, including its bias units.", ("draw",)),
    ("network", "Make a diagram of this neural network.", ("draw",)),
    ("network", "Count the weight matrices of this model.", ("matrices",)),
    ("network", "How many matrices of weights does the network have?", ("matrices",)),
    ("network", r"What are the dimensions of $W_1$?", ("shape W_1",)),
    (
        "network",
        r"State the shapes of $\mathbf{a}$ and $\mathbf{z}$.",
        ("shape a", "shape z"),
    ),
    (
        "network",
        "Give the dimensions of every weight matrix.",
        ("shape W_1", "shape W_2"),
    ),
    ("network", r"How many rows and columns does $W_2$ have?", ("shape W_2",)),
    ("network", r"Compute the pre-activations $\mathbf{a}$ of the hidden layer.", ("value a",)),
    ("network", r"Calculate $\mathbf{z}$.", ("value z",)),
    ("network", r"Work out the second component $z_2$.", ("value z[2]",)),
    ("network", r"Determine $b$ and $\hat{y}$.", ("value b", "value yhat")),
    ("network", "What probability does the network output?", ("value yhat",)),
    ("network", "Carry out the forward pass.", ("forward",)),
    ("network", "Do one complete forward propagation through the network.", ("forward",)),
    ("network", "Which class is predicted for this point?", ("class",)),
    (
        "network",
        "With a threshold of 0.7, to which class is the input assigned?",
        ("class threshold=0.7",),
    ),
    ("network", "How large is the squared error here?", ("loss",)),
    ("network", r"Evaluate the loss $\ell$ for this training example.", ("loss",)),
    ("network", "Write down the objective function.", ("objective",)),
    (
        "network",
        r"Use the chain rule to expand $\frac{\partial J}{\partial W_{1,2,1}}$ into a product"
        r" of factors.",
        ("chain J W_1[2,1]",),
    ),
    (
        "network",
        r"Write $\partial J/\partial W_{2,1,2}$ as a chain of partial derivatives.",
        ("chain J W_2[1,2]",),
    ),
    (
        "network",
        r"Find $\frac{\partial \hat{y}}{\partial b}$ and express it in terms of $\hat{y}$.",
        ("local yhat b in yhat",),
    ),
    (
        "network",
        r"Give $\frac{\partial \ell}{\partial \hat{y}}$ as a function of $y$ and $\hat{y}$.",
        ("local ell yhat in y,yhat",),
    ),
    ("network", r"Compute $\frac{\partial z_2}{\partial a_2}$.", ("local z[2] a[2]",)),
    (
        "network",
        r"Calculate the partial derivative of $J$ with respect to $W_{1,1,0}$.",
        ("derivative J W_1[1,0]",),
    ),
    (
        "network",
        r"Using the chain rule, compute $\frac{\partial J}{\partial W_{2,1,0}}$.",
        ("derivative J W_2[1,0]",),
    ),
    (
        "network",
        r"What is the numerical value of $\frac{\partial \ell}{\partial b}$?",
        ("derivative ell b",),
    ),
    (
        "network",
        r"What is the derivative of the loss with respect to $W_{1,1,2}$?",
        ("derivative ell W_1[1,2]",),
    ),
    ("network", r"Find the gradient of $J$ with respect to $W_1$.", ("gradient J W_1",)),
    (
        "network",
        "Compute the gradient of the objective with respect to all weights.",
        ("gradient J",),
    ),
    (
        "network",
        r"State the Jacobian of $\mathbf{z}$ with respect to $\mathbf{a}$.",
        ("jacobian z a",),
    ),
    (
        "network",
        r"Take one step of SGD with learning rate 0.5: what is the new value of $W_{2,1,1}$?",
        ("update W_2[1,1] eta=0.5",),
    ),
    (
        "network",
        r"What does $W_{1,1,2}$ become after a gradient descent update with $\eta = 0.1$?",
        ("update W_1[1,2] eta=0.1",),
    ),
    (
        "network",
        "How many learnable parameters does the second layer have?",
        ("parameters layer 2",),
    ),
    ("network", "How many parameters does layer 1 have?", ("parameters layer 1",)),
    (
        "network",
        "How many parameters does the activation of the first layer have?",
        ("parameters activation 1",),
    ),
    ("network", "How many trainable parameters are there altogether?", ("parameters",)),
    ("network", "What is the total number of parameters?", ("parameters",)),
    (
        "network",
        r"True or false: $\frac{d}{dx} x^3 = 3 x^2$?",
        (r"check \frac{d}{dx} x^3 = 3 x^2",),
    ),
    (
        "network",
        r"Prove that $\frac{d}{dx} \sin(x) = \cos(x)$.",
        (r"check \frac{d}{dx} \sin(x) = \cos(x)",),
    ),
    ("network", r"Is $J$ convex in $W_2$?", ("convex J W_2",)),
    ("softmax", r"Compute the score vector $\mathbf{s}$.", ("value s",)),
    ("softmax", "What probabilities does the classifier assign?", ("value yhat",)),
    ("softmax", r"What is the probability $\hat{y}_2$?", ("value yhat[2]",)),
    ("softmax", "Which of the three classes does the model choose?", ("class",)),
    ("softmax", "What is the cross-entropy loss?", ("loss",)),
    (
        "softmax",
        r"Write out the Jacobian matrix $\frac{\partial \hat{\mathbf{y}}}{\partial \mathbf{s}}$.",
        ("jacobian yhat s",),
    ),
    (
        "softmax",
        r"Find the gradient of the loss with respect to the scores $\mathbf{s}$.",
        ("gradient J s",),
    ),
    ("softmax", r"Compute the gradient of $J$ with respect to $W$.", ("gradient J W",)),
    ("softmax", r"What is $\frac{\partial J}{\partial s_2}$?", ("derivative J s[2]",)),
    (
        "softmax",
        r"What is the partial derivative of $J$ with respect to $b_1$?",
        ("derivative J b[1]",),
    ),
    (
        "softmax",
        r"With a step size of $\eta = 1$, find $W_{2,1}$ after one update.",
        ("update W[2,1] eta=1",),
    ),
    ("softmax", r"What is the size of the matrix $W$?", ("shape W",)),
    ("softmax", r"Is the loss convex in $W$?", ("convex J W",)),
    ("line", r"What does the line predict, that is, what is $p$?", ("value p",)),
    ("line", "How big is the error at the first point?", ("loss",)),
    ("line", "Write out the cost function.", ("objective",)),
    (
        "line",
        r"Find $\frac{\partial J}{\partial w}$ and $\frac{\partial J}{\partial b}$.",
        ("derivative J w", "derivative J b"),
    ),
    ("line", r"What is $\frac{\partial p}{\partial w}$?", ("local p w",)),
    (
        "line",
        r"Give the derivative of $J$ with respect to $p$ in terms of $y$ and $p$.",
        ("local J p in y,p",),
    ),
    ("line", r"Calculate the Hessian of $J$ with respect to $w$.", ("hessian J w",)),
    ("line", r"What is the second derivative of $J$ with respect to $w$?", ("hessian J w",)),
    ("line", "Is the objective convex?", ("convex J",)),
    (
        "line",
        r"Perform one step of gradient descent over all points with $\eta = 0.1$. What is the"
        r" new $w$?",
        ("update w eta=0.1 over=all",),
    ),
    (
        "line",
        r"What is $b$ after one step of stochastic gradient descent on the third point with"
        r" $\eta = \frac{1}{10}$?",
        ("update b eta=1/10 point=3",),
    ),
    ("line", "How many parameters are learned in total?", ("parameters",)),
)
"""The graph, the question, the asks."""

REPORTED: tuple[tuple[str, str], ...] = (
    ("network", "Why is the sigmoid a popular choice?"),
    ("network", r"What is the rank of $W_1$?"),
    ("network", r"What is the largest entry of $\mathbf{z}$?"),
    ("network", r"What is $\mathbf{a}$ if $\mathbf{x}$ is doubled?"),
    ("network", r"What is $q$?"),
    ("network", r"Compute $\frac{\partial J}{\partial V_{1,1}}$."),
    ("network", r"What is $\frac{\partial b}{\partial W_{2,1,7}}$?"),
    ("network", "What is the updated $W_{2,1,1}$ after one step of gradient descent?"),
    ("network", "How many parameters are learned in the fifth layer?"),
    ("network", "Explain in your own words what backpropagation does."),
    ("network", r"What is the sum of the entries of $\mathbf{a}$?"),
    ("network", "How many weights are there?"),
    ("network", "What does the model predict?"),
    ("network", r"Find the derivative with respect to $W_{2,1,1}$."),
    ("network", r"What is the loss if $W_2$ is zero?"),
    ("network", r"What is $\mathbf{z}$ without the bias?"),
    ("softmax", "What is the entropy of the distribution?"),
    ("softmax", r"Prove the claim."),
    ("softmax", r"What is the gradient?"),
    ("line", r"What would $p$ be for $x = 4$?"),
    ("line", r"How many steps until $w$ converges?"),
    ("line", r"What is the optimal $w$?"),
    ("line", r"What is the average of $p$ over the points?"),
    ("line", "Discuss."),
)
"""The graph, and a question that has to be reported."""


LATER_READ: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("network", r"Compute the hidden activations $\mathbf{z}$.", ("value z",)),
    ("network", r"Calculate the output $\hat{y}$ of the network.", ("value yhat",)),
    ("network", r"What is the second entry of $\mathbf{a}$?", ("value a[2]",)),
    ("network", r"What is the first component of the hidden vector $\mathbf{z}$?", ("value z[1]",)),
    ("network", "Find the loss for this data point.", ("loss",)),
    ("network", "Compute dJ/dW_2[1,1].", ("derivative J W_2[1,1]",)),
    ("network", "What is ∂J/∂W_1[2,2]?", ("derivative J W_1[2,2]",)),
    (
        "network",
        "Determine the derivative of yhat with respect to b, in terms of yhat.",
        ("local yhat b in yhat",),
    ),
    ("network", "Which category does the network assign to the input?", ("class",)),
    ("network", "How would the network classify this example?", ("class",)),
    ("network", "Write the forward pass.", ("forward",)),
    ("network", "Run forward propagation and report the loss.", ("forward", "loss")),
    ("network", "How many parameters are learned in the output layer?", ("parameters layer 2",)),
    (
        "network",
        "How many parameters does the network have in the last layer?",
        ("parameters layer 2",),
    ),
    ("network", "Show that $J$ is not convex.", ("convex J",)),
    (
        "network",
        r"Write the chain rule for $\frac{\partial J}{\partial W_{1,1,2}}$.",
        ("chain J W_1[1,2]",),
    ),
    (
        "network",
        "Compute the derivatives of $J$ with respect to $W_{2,1,1}$ and $W_{1,1,2}$.",
        (
            "derivative J W_2[1,1]",
            "derivative J W_1[1,2]",
        ),
    ),
    ("network", "What is the gradient of $J$?", ("gradient J",)),
    (
        "network",
        r"Update all weights with $\eta = 0.1$.",
        (
            "update W_1 eta=0.1",
            "update W_2 eta=0.1",
        ),
    ),
    ("network", "What is the new $W_1$ with learning rate 0.1?", ("update W_1 eta=0.1",)),
    ("network", r"Compute $\frac{\partial^2 J}{\partial b^2}$.", ("hessian J b",)),
    (
        "softmax",
        r"What is the cross-entropy between $\mathbf{y}$ and $\hat{\mathbf{y}}$?",
        ("loss",),
    ),
    ("softmax", "How many parameters does this classifier have, biases included?", ("parameters",)),
    (
        "softmax",
        r"Calculate the gradient of the loss with respect to $W$ and $\mathbf{b}$.",
        (
            "gradient J W",
            "gradient J b",
        ),
    ),
    (
        "softmax",
        r"What is the derivative of $\hat{y}_1$ with respect to $s_2$?",
        ("local yhat[1] s[2]",),
    ),
    (
        "line",
        r"Take one gradient step with $\eta=0.1$. What are the new $w$ and $b$?",
        (
            "update w eta=0.1",
            "update b eta=0.1",
        ),
    ),
    ("line", "Show that the mean squared error is convex in $w$.", ("convex J w",)),
)
"""More of them, written once the grammar stood, to attack it."""
LATER_REPORTED: tuple[tuple[str, str], ...] = (
    ("network", "What is the difference between a and z?"),
    ("network", r"What is the value of $\hat{y}$ to two decimals?"),
    ("network", "How does $J$ depend on $W_1$?"),
    ("network", "What is $z_1 + z_2$?"),
    ("network", r"What is $\hat{y}$ for the second training point?"),
    ("network", r"Compute $\mathbf{a}$ after one step with $\eta = 1$."),
    ("network", r"What is the loss after the update with $\eta=1$?"),
    ("network", "What is the class of $W_1$?"),
    ("network", "How many neurons are in the hidden layer?"),
    ("network", "How many layers are there?"),
    ("network", "How many inputs does the network have?"),
    ("network", "What activation function is used?"),
    ("network", "Is the network a linear function of x?"),
    ("network", "What is the shape of the gradient of $J$ with respect to $W_1$?"),
    ("network", r"What is the size of the update of $W_{2,1,1}$ with $\eta = 1$?"),
    ("network", r"What is the derivative of $\sigma$?"),
    ("network", "What is the chain rule?"),
    ("network", "What is the gradient of $J$ at $W_2 = 0$?"),
    ("network", "Find all partial derivatives of $J$."),
    ("network", "Draw the decision boundary."),
    ("network", "Draw the graph of the ReLU function."),
    ("network", r"Give the dimension of $\frac{\partial J}{\partial W_1}$."),
    ("network", r"What is the sign of $\frac{\partial J}{\partial W_{2,1,1}}$?"),
    ("network", r"For which $x$ is $\hat{y}$ equal to 0.5?"),
    ("network", "What is the accuracy of the model?"),
    ("network", "Name the loss function."),
    ("network", "What is the loss function's minimum?"),
    ("softmax", "Compute the logits."),
    ("softmax", "What is the predicted probability of class 2?"),
    ("softmax", "Which class has the lowest probability?"),
    ("softmax", "What are the three probabilities?"),
    ("line", "Calculate the mean squared error over all points."),
    ("line", "What is the prediction $p$ at the second point?"),
    ("line", "What is the loss at the second point?"),
    ("line", r"What is $w$ after two steps with $\eta=0.1$?"),
    ("line", r"By how much does $w$ change in one step with $\eta = 0.1$?"),
    ("line", r"What is $\frac{\partial J}{\partial w}$ over all points?"),
    ("line", "What is the average gradient?"),
    ("line", r"At the third point, what is $\frac{\partial J}{\partial w}$?"),
)
"""Attacks: each looks like a question that can be read, and asks for something else."""
