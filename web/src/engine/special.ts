// Functions that JavaScript lacks, to about the last digit.

const TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);
const ROOT_PI = Math.sqrt(Math.PI);

/**
 * The error function. Up to 2.5 the series x e^(−x²) Σ (2x²)ⁿ / (1·3·5···(2n+1)), whose terms are
 * all positive, so that nothing cancels; beyond, 1 less the continued fraction of erfc.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size !== size) return NaN;
  const found = size < 2.5 ? series(size) : size > 6 ? 1 : 1 - tail(size);
  return x < 0 ? -found : found;
}

function series(x: number): number {
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return TWO_BY_ROOT_PI * Math.exp(-square) * sum;
}

/** erfc(x) = e^(−x²) / √π / (x + (1/2) / (x + (2/2) / (x + (3/2) / ...))), from the inside out. */
function tail(x: number): number {
  let below = x;
  for (let n = 60; n > 0; n--) below = x + n / 2 / below;
  return Math.exp(-x * x) / ROOT_PI / below;
}
