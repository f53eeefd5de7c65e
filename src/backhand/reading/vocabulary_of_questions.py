"""The words of questions: what is harmless, what changes a question, and which words mean the same."""

from __future__ import annotations

import re

from backhand.reading.vocabulary import words

FILLER = frozenset(
    words(
        """
    a an the of in on at to for from by with and or is are be will would does do did has have had it
    its this that these those there here our your my their we you they us one's what which how who
    where each every all both as into out up so then now next finally also just only please
    network networks model models neural net classifier regression line layer layers hidden neuron
    neurons unit units input inputs output outputs vector vectors matrix matrices weight weights bias
    biases value values number numbers entry entries component components scalar array point points
    data example examples training here train sample given using use uses used the previous part equation
    question above below answer result results final total whole entire complete full your own
    compute calculate find determine evaluate work give state write show make take perform carry run
    perform express get obtain derive identify list let's try follow following corresponding
    pre-activation pre-activations preactivation preactivations activation activations score scores
    logit logits probability probabilities prediction predictions predicted predict predicts
    many like look simplify simplified then but again
    partial derivative derivatives respect terms term rule chain multivariate come comes go goes
    going be it is let let's down explicitly numerically exactly units including include included
    called known true single particular over through about also well another parameter parameters
    backpropagation backprop backpropagate report applying defined again neuron's network's model's
    local error signal
    """
    )
)
"""Words that carry no question of their own: they may stand anywhere."""
CHANGING = frozenset(
    words(
        """
    if when unless without instead except not never no zero doubled double twice halved half tripled
    largest smallest biggest greatest maximum minimum max min average mean sum total-sum rank norm
    determinant inverse optimal optimum best worst why explain discuss describe until converge
    converges convergence difference ratio percentage percent squared square cubed logarithm log trace
    eigenvalue eigenvalues eigenvector transpose transposed median variance deviation entropy accuracy
    times plus minus divided reciprocal product sign absolute magnitude length increase increases
    decrease decreases changed removed added dropped different compare compared versus opposite
    negative positive likely confident range many-times steps epochs iterations converged better
    worse faster slower would instead else otherwise interpret justify argue initial randomly
    """
    )
)
"""Words that ask for something else than the words around them do."""
SAME = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\bmean[- ]squared[- ]error\b|\bsquared[- ](?:error|loss)\b|\bmse\b", "loss"),
        (r"\b(?:binary )?cross[- ]entropy(?: loss| error)?\b|\bnll\b", "loss"),
        (r"\bvalue of the (?:loss|cost|error) function\b", "loss"),
        (r"\b(?:loss|cost|error) function\b", "objective function"),
        (r"\berror signals?(?= <)|\bdelta(?= <)", "derivative"),
        (r"\bnet gradient\b", "gradient"),
        (r"\bweighted sums?(?= <)|\bweighted inputs?(?= <)", "pre-activation"),
        (r"\bcomputational graph\b|\bcomputation graph\b", "network"),
        (r"^apply (?:the |a )?(?:softmax|sigmoid|relu|activation)(?: function)? [:,] ", ""),
        (r"\b(?:to obtain|to get)\b", "find"),
        (r"(?<=\w |> )apply(?:ing)? the chain rule$", ""),
        (r"\bone iteration\b|\bone update\b|\bone gradient step\b", "one step"),
        (r"\bproduct of local\b", "product of"),
        (r"\bcost\b|\berror\b|\bloss value\b", "loss"),
        (
            r"\b(?:if|when|once|where) (?:we use|you use|we take|using|the)(?= (?:a )?(?:learning|step))",
            "with",
        ),
        (r"\bstochastic gradient descent\b|\bgradient descent\b|\bsgd\b", "descent"),
        (r"\bforward[- ](?:pass|propagation|propagate)\b|\bfeed[- ]forward pass\b", "forward-pass"),
        (
            r"\bwould (?=(?:the|our) (?:\w+ )?(?:network|model|classifier) (?:classify|assign))",
            "does ",
        ),
        (r"\btrue or false\b|\bis it true\b|\bis it correct\b", "verify"),
        (r"\bpartial derivatives?\b|\bslope\b|\brate of change\b|\bsensitivity\b", "derivative"),
        (r"\bderivatives\b", "derivative"),
        (r"\bwith regard to\b|\bwith respect to\b|\bwrt\b", "wrt"),
        (r"\bas (?:a )?functions? of\b|\busing only\b", "in terms of"),
        (
            r"\bhow (?:large|big|high|great) is (?=(?:the |our )?loss)|\bwhat's\b|\bwhats\b",
            "what is ",
        ),
        (r"\b(?:at|for|on|of) the first (?:data |training )?(?:point|example|sample)\b", "here"),
        (r"^first ,|(?<=\. )first ,", ""),
        (r"\bstep size\b", "learning rate"),
        (r"\b(?:numerical|actual|exact) value\b", "number-value"),
        (r"\bsecond[- ](?:order )?derivative\b", "hessian"),
        (r"\bjacobian matrix\b|\bmatrix of (?:all )?(?:\w+ )?derivative\b", "jacobian"),
        (r"\bhessian matrix\b", "hessian"),
        (r"\bgradient vector\b", "gradient"),
    )
)
"""Turns of phrase, each with the one that stands for it in the grammar."""
ORDINALS = {
    word: number
    for number, words in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"), 1
    )
    for word in (words, str(number))
}
"""Words and digits for the number of a layer or a point."""


def plainer(text: str) -> str:
    """The text with each turn of phrase in its one form.

    >>> plainer("what is the mean squared error")
    'what is the loss'
    """
    for pattern, plain in SAME:
        text = pattern.sub(plain, text)
    return " ".join(text.split())
