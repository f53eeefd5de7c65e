// Written by `python -m backhand.page.functions_ts` from the table of functions. Don't edit.

import { erf } from "./special";

/** Functions by number of arguments, 1: `call1` takes their place here. */
export const NAMES1: readonly string[] = [
  "identity",
  "relu",
  "leaky_relu",
  "sigmoid",
  "tanh",
  "softplus",
  "gelu",
  "gelu_tanh",
  "silu",
  "exp",
  "log",
  "sqrt",
  "erf",
  "sin",
  "cos",
  "tan",
  "abs",
];

/** Number `to` of `m` becomes the function of other numbers of `m`. */
export function call1(which: number, m: Float64Array, to: number, xAt: number): void {
  const x = m[xAt]!;
  switch (which) {
    case 0: // identity
      m[to] = x;
      break;
    case 1: // relu
      m[to] = x !== x ? NaN : (x > 0 ? x : 0);
      break;
    case 2: // leaky_relu
      m[to] = x !== x ? NaN : (x > 0 ? x : (0.01 * x));
      break;
    case 3: // sigmoid
      m[to] = x !== x ? NaN : ((x > 0 ? 1 : Math.exp((-Math.abs(x)))) / (1 + Math.exp((-Math.abs(x)))));
      break;
    case 4: // tanh
      m[to] = Math.tanh(x);
      break;
    case 5: // softplus
      m[to] = (Math.max(x, 0) + Math.log1p(Math.exp((-Math.abs(x)))));
      break;
    case 6: // gelu
      m[to] = ((0.5 * x) * (1 + erf((x / Math.sqrt(2)))));
      break;
    case 7: // gelu_tanh
      m[to] = ((0.5 * x) * (1 + Math.tanh((Math.sqrt((2 / Math.PI)) * (x + (0.044715 * (x ** 3)))))));
      break;
    case 8: // silu
      m[to] = x !== x ? NaN : ((x * (x > 0 ? 1 : Math.exp((-Math.abs(x))))) / (1 + Math.exp((-Math.abs(x)))));
      break;
    case 9: // exp
      m[to] = Math.exp(x);
      break;
    case 10: // log
      m[to] = Math.log(x);
      break;
    case 11: // sqrt
      m[to] = Math.sqrt(x);
      break;
    case 12: // erf
      m[to] = erf(x);
      break;
    case 13: // sin
      m[to] = Math.sin(x);
      break;
    case 14: // cos
      m[to] = Math.cos(x);
      break;
    case 15: // tan
      m[to] = Math.tan(x);
      break;
    case 16: // abs
      m[to] = Math.abs(x);
      break;
    default:
      m[to] = NaN;
  }
}

/** Functions by number of arguments, 2: `call2` takes their place here. */
export const NAMES2: readonly string[] = [
  "max",
  "min",
];

/** Number `to` of `m` becomes the function of other numbers of `m`. */
export function call2(which: number, m: Float64Array, to: number, aAt: number, bAt: number): void {
  const a = m[aAt]!;
  const b = m[bAt]!;
  switch (which) {
    case 0: // max
      m[to] = Math.max(a, b);
      break;
    case 1: // min
      m[to] = Math.min(a, b);
      break;
    default:
      m[to] = NaN;
  }
}
