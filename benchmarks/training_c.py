"""The same training as a person writes it in C: constant sizes, plain loops, one file a workload.

Two orders of the loops: point after point, gradients added up; and weight row after weight row with
all points of the batch, so that a row is fetched once. Nothing is tiled by hand.
"""

from __future__ import annotations

from math import prod
from textwrap import indent

from benchmarks.training_cases import Workload

SMALL = 1000
"""Parameters that a person would keep in local arrays."""

TWO_TWO_ONE = """
float steps(const long long *order, long long count, const float *x, const float *y, float rate,
            float *w) {
    float w10 = w[4], w11 = w[0], w12 = w[1], w20 = w[5], w21 = w[2], w22 = w[3];
    float v0 = w[8], v1 = w[6], v2 = w[7], total = 0;
    for (long long step = 0; step < count; step++) {
        float g10 = 0, g11 = 0, g12 = 0, g20 = 0, g21 = 0, g22 = 0, h0 = 0, h1 = 0, h2 = 0;
        for (int n = 0; n < BATCH; n++) {
            long long i = *order++;
            float x1 = x[2 * i], x2 = x[2 * i + 1];
            float a1 = w10 + w11 * x1 + w12 * x2, a2 = w20 + w21 * x1 + w22 * x2;
            float z1 = a1 > 0 ? a1 : 0, z2 = a2 > 0 ? a2 : 0;
            float yhat = 1 / (1 + expf(-(v0 + v1 * z1 + v2 * z2)));
            float error = yhat - y[i];
            total += error * error;
            float d = 2 * error * yhat * (1 - yhat);
            float d1 = a1 > 0 ? d * v1 : 0, d2 = a2 > 0 ? d * v2 : 0;
            g10 += d1, g11 += d1 * x1, g12 += d1 * x2;
            g20 += d2, g21 += d2 * x1, g22 += d2 * x2;
            h0 += d, h1 += d * z1, h2 += d * z2;
        }
        float r = rate / BATCH;
        w10 -= r * g10, w11 -= r * g11, w12 -= r * g12;
        w20 -= r * g20, w21 -= r * g21, w22 -= r * g22;
        v0 -= r * h0, v1 -= r * h1, v2 -= r * h2;
    }
    w[4] = w10, w[0] = w11, w[1] = w12, w[5] = w20, w[2] = w21, w[3] = w22;
    w[8] = v0, w[6] = v1, w[7] = v2;
    return total;
}
"""

# ---- one layer, one point ----------------------------------------------------------------------
# @ stands for the point's place in an array of a batch, "" where there is one point at a time.

FORWARD = """
for (int j = 0; j < {rows}; j++) {{
    float s = b{l}[j];
    for (int k = 0; k < {columns}; k++) s += W{l}[j][k] * {before}[k];
    z{l}[j] = {result};
}}"""
LOSS = """
float top = z{l}@[0], sum = 0, dot = 0;
for (int j = 1; j < {rows}; j++) top = z{l}@[j] > top ? z{l}@[j] : top;
for (int j = 0; j < {rows}; j++) sum += d{l}@[j] = expf(z{l}@[j] - top);
for (int j = 0; j < {rows}; j++) {{
    dot += t[j] * z{l}@[j];
    d{l}@[j] = d{l}@[j] / sum - t[j];
}}
total += top + logf(sum) - dot;"""
BACKWARD = """
for (int k = 0; k < {columns}; k++) d{below}[k] = 0;
for (int j = 0; j < {rows}; j++)
    for (int k = 0; k < {columns}; k++) d{below}[k] += d{l}[j] * W{l}[j][k];
for (int k = 0; k < {columns}; k++) d{below}[k] = z{below}[k] > 0 ? d{below}[k] : 0;"""
GRADIENT = """
for (int j = 0; j < {rows}; j++) {{
    float d = {factor} * d{l}[j];
    if (d == 0) continue;
    {bias}[j] += d;
    for (int k = 0; k < {columns}; k++) {weights}[j][k] += d * {before}[k];
}}"""
UPDATE = """
for (int j = 0; j < {rows}; j++) {{
    b{l}[j] -= rate / BATCH * g{l}[j];
    for (int k = 0; k < {columns}; k++) W{l}[j][k] -= rate / BATCH * G{l}[j][k];
}}"""

# ---- one layer, all points of a batch ----------------------------------------------------------

FORWARD_ALL = """
for (int j = 0; j < {rows}; j++)
    for (int n = 0; n < BATCH; n++) {{
        const float *in = {before};
        float s = b{l}[j];
        for (int k = 0; k < {columns}; k++) s += W{l}[j][k] * in[k];
        z{l}[n][j] = {result};
    }}"""
BACKWARD_ALL = """
for (int n = 0; n < BATCH; n++)
    for (int k = 0; k < {columns}; k++) d{below}[n][k] = 0;
for (int j = 0; j < {rows}; j++)
    for (int n = 0; n < BATCH; n++) {{
        float d = d{l}[n][j];
        for (int k = 0; k < {columns}; k++) d{below}[n][k] += d * W{l}[j][k];
    }}
for (int n = 0; n < BATCH; n++)
    for (int k = 0; k < {columns}; k++) d{below}[n][k] = z{below}[n][k] > 0 ? d{below}[n][k] : 0;"""
UPDATE_ALL = """
for (int j = 0; j < {rows}; j++) {{
    float g[{columns}] = {{0}}, g0 = 0;
    for (int n = 0; n < BATCH; n++) {{
        const float *in = {before};
        float d = d{l}[n][j];
        if (d == 0) continue;
        g0 += d;
        for (int k = 0; k < {columns}; k++) g[k] += d * in[k];
    }}
    b{l}[j] -= rate / BATCH * g0;
    for (int k = 0; k < {columns}; k++) W{l}[j][k] -= rate / BATCH * g[k];
}}"""

# ---- a convolution as the first layer ----------------------------------------------------------

CONVOLVE = """
for (int j = 0; j < {filters}; j++)
    for (int p = 0; p < {out}; p++)
        for (int q = 0; q < {out}; q++) {{
            float s = b1[j];
            for (int u = 0; u < {kernel}; u++)
                for (int v = 0; v < {kernel}; v++)
                    s += W1[j][u * {kernel} + v] * in[(p + u) * {side} + q + v];
            z1@[(j * {out} + p) * {out} + q] = s > 0 ? s : 0;
        }}"""
CONVOLVE_ROWS = """
for (int j = 0; j < {filters}; j++)
    for (int p = 0; p < {out}; p++) {{
        float s[{out}];
        for (int q = 0; q < {out}; q++) s[q] = b1[j];
        for (int u = 0; u < {kernel}; u++)
            for (int v = 0; v < {kernel}; v++)
                for (int q = 0; q < {out}; q++)
                    s[q] += W1[j][u * {kernel} + v] * in[(p + u) * {side} + q + v];
        for (int q = 0; q < {out}; q++) z1@[(j * {out} + p) * {out} + q] = s[q] > 0 ? s[q] : 0;
    }}"""
CONVOLVED_GRADIENT = """
for (int j = 0; j < {filters}; j++) {{
    float s = 0;
    for (int p = 0; p < {out} * {out}; p++) s += d1@[j * {out} * {out} + p];
    {bias}[j] += {factor} * s;
    for (int u = 0; u < {kernel}; u++)
        for (int v = 0; v < {kernel}; v++) {{
            float s = 0;
            for (int p = 0; p < {out}; p++)
                for (int q = 0; q < {out}; q++)
                    s += d1@[(j * {out} + p) * {out} + q] * in[(p + u) * {side} + q + v];
            {weights}[j][u * {kernel} + v] += {factor} * s;
        }}
}}"""


def sources(workload: Workload, batch: int) -> list[str]:
    """The file in each order of the loops. `steps` gives the sum of the losses."""
    head = f"#include <math.h>\n#include <string.h>\n#define BATCH {batch}\n"
    if workload.end == "sigmoid":
        return [head + TWO_TWO_ONE]
    by_point = _function(workload, "", _by_point(workload, batch))
    by_row = _function(workload, "[BATCH]", _by_row(workload))
    return [head + by_point, head + by_row]


def _function(workload: Workload, place: str, step: str) -> str:
    """The function around a step: parameters copied in, and back at the end."""
    storage = "" if workload.numbers[1] < SMALL else "static "
    room, fill, back, at = "", "", "", 0
    for n, (rows, *rest) in enumerate(workload.shapes, 1):
        columns, entries = prod(rest), _entries(workload, n)
        room += (
            f"{storage}float W{n}[{rows}][{columns}], b{n}[{rows}];\n"
            f"{storage}float G{n}[{rows}][{columns}], g{n}[{rows}];\n"
            f"{storage}float z{n}{place}[{entries}], d{n}{place}[{entries}];\n"
        )
        for name, length in ((f"W{n}", rows * columns), (f"b{n}", rows)):
            fill += f"memcpy({name}, w + {at}, sizeof {name});\n"
            back += f"memcpy(w + {at}, {name}, sizeof {name});\n"
            at += length
    return (
        "float steps(const long long *order, long long count, const float *restrict x,\n"
        "            const float *restrict y, float rate, float *restrict w) {\n"
        f"{indent(room + fill, '    ')}    float total = 0;\n"
        "    for (long long step = 0; step < count; step++, order += BATCH) {\n"
        f"{indent(step, '        ')}\n    }}\n"
        f"{indent(back, '    ')}    return total;\n}}\n"
    )


def _entries(workload: Workload, n: int) -> int:
    """The entries of a layer's output."""
    return workload.shapes[n][1] if n < len(workload.shapes) else workload.outputs


def _parts(workload: Workload, n: int) -> dict[str, object]:
    """What a layer's text is filled in with."""
    rows, *rest = workload.shapes[n - 1]
    last = n == len(workload.shapes)
    found: dict[str, object] = {"l": n, "below": n - 1, "rows": rows, "columns": prod(rest)}
    found["result"] = "s" if last else "s > 0 ? s : 0"
    if _convolves(workload, n):
        out = workload.x[0] - rest[0] + 1
        found |= {"filters": rows, "kernel": rest[0], "side": workload.x[0], "out": out}
    return found


def _convolves(workload: Workload, n: int) -> bool:
    return len(workload.shapes[n - 1]) > 2


def _by_point(workload: Workload, batch: int) -> str:
    """A point forward and backward, its gradients added up; of a batch of one they aren't kept."""
    inputs, last = prod(workload.x), len(workload.shapes)
    zero = forward = backward = gradient = update = ""
    for n in range(1, last + 1):
        parts = _parts(workload, n) | {"before": "in" if n == 1 else f"z{n - 1}"}
        sums = {"weights": f"G{n}", "bias": f"g{n}", "factor": "1"}
        parts |= sums if batch > 1 else {"weights": f"W{n}", "bias": f"b{n}", "factor": "-rate"}
        forward += (CONVOLVE if _convolves(workload, n) else FORWARD).format(**parts)
        zero += f"memset(G{n}, 0, sizeof G{n}), memset(g{n}, 0, sizeof g{n});\n"
        if n > 1:
            backward = BACKWARD.format(**parts) + backward
        gradient += (CONVOLVED_GRADIENT if _convolves(workload, n) else GRADIENT).format(**parts)
        update += UPDATE.format(**parts)
    rows = f"const float *in = x + order[n] * {inputs}, *t = y + order[n] * {workload.outputs};"
    loss = LOSS.format(**_parts(workload, last))
    point = indent(rows + (forward + loss + backward + gradient).replace("@", ""), "    ")
    whole = f"for (int n = 0; n < BATCH; n++) {{\n{point}\n}}"
    return f"{zero}{whole}{update}" if batch > 1 else whole


def _by_row(workload: Workload) -> str:
    """Each row of weights with all points of the batch."""
    last = len(workload.shapes)
    x = f"x + order[n] * {prod(workload.x)}"
    forward = backward = update = ""
    for n in range(1, last + 1):
        parts = _parts(workload, n) | {"before": x if n == 1 else f"z{n - 1}[n]"}
        if _convolves(workload, n):
            parts |= {"weights": "G1", "bias": "g1", "factor": "1"}
            forward += _each_point(x, CONVOLVE_ROWS.format(**parts))
            update += "\nmemset(G1, 0, sizeof G1), memset(g1, 0, sizeof g1);"
            update += _each_point(x, CONVOLVED_GRADIENT.format(**parts)) + UPDATE.format(**parts)
            continue
        forward += FORWARD_ALL.format(**parts)
        update += UPDATE_ALL.format(**parts)
        if n > 1:
            backward = BACKWARD_ALL.format(**parts) + backward
    target = f"\nconst float *t = y + order[n] * {workload.outputs};"
    loss = indent(target + LOSS.format(**_parts(workload, last)), "    ").replace("@", "[n]")
    return f"{forward}\nfor (int n = 0; n < BATCH; n++) {{{loss}\n}}{backward}{update}".lstrip("\n")


def _each_point(x: str, text: str) -> str:
    inner = indent(f"\nconst float *in = {x};{text}", "    ").replace("@", "[n]")
    return f"\nfor (int n = 0; n < BATCH; n++) {{{inner}\n}}"
