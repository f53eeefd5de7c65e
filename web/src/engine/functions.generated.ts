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

export function call1(which: number, x: number): number {
  switch (which) {
    case 0: // identity
      return x;
    case 1: // relu
      return x !== x ? NaN : (x > 0 ? x : 0);
    case 2: // leaky_relu
      return x !== x ? NaN : (x > 0 ? x : (0.01 * x));
    case 3: // sigmoid
      return x !== x ? NaN : ((x > 0 ? 1 : Math.exp((-Math.abs(x)))) / (1 + Math.exp((-Math.abs(x)))));
    case 4: // tanh
      return Math.tanh(x);
    case 5: // softplus
      return (Math.max(x, 0) + Math.log1p(Math.exp((-Math.abs(x)))));
    case 6: // gelu
      return ((0.5 * x) * (1 + erf((x / Math.sqrt(2)))));
    case 7: // gelu_tanh
      return ((0.5 * x) * (1 + Math.tanh((Math.sqrt((2 / Math.PI)) * (x + (0.044715 * (x ** 3)))))));
    case 8: // silu
      return x !== x ? NaN : ((x * (x > 0 ? 1 : Math.exp((-Math.abs(x))))) / (1 + Math.exp((-Math.abs(x)))));
    case 9: // exp
      return Math.exp(x);
    case 10: // log
      return Math.log(x);
    case 11: // sqrt
      return Math.sqrt(x);
    case 12: // erf
      return erf(x);
    case 13: // sin
      return Math.sin(x);
    case 14: // cos
      return Math.cos(x);
    case 15: // tan
      return Math.tan(x);
    case 16: // abs
      return Math.abs(x);
    default:
      return NaN;
  }
}

/** Functions by number of arguments, 2: `call2` takes their place here. */
export const NAMES2: readonly string[] = [
  "max",
  "min",
];

export function call2(which: number, a: number, b: number): number {
  switch (which) {
    case 0: // max
      return Math.max(a, b);
    case 1: // min
      return Math.min(a, b);
    default:
      return NaN;
  }
}
