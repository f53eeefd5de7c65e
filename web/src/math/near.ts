/** A number that was typed, and whether it is the right one, rounded as it may be: as Backhand reads and marks it. */

/** `last`: the power of ten of its last digit, null for a fraction, which is exact. */
export interface Numeral {
  value: number;
  last: number | null;
  /** How many significant digits were typed. */
  digits: number;
}

/** `near`: only digits from the fourth on are off. `coarse`: rounded rightly, but to fewer digits than are asked for. */
export type Nearness = "right" | "near" | "coarse" | "wrong";

/** A right number; `ends`: it is exactly this decimal number. */
export interface Right {
  value: number;
  ends: boolean;
}

const NEAR = 5e-4;
const FLOAT = 1e-9;
const DECIMAL = /^([+-]?)\s*(\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:e([+-]?\d{1,3})|\s*(?:×|\\times|\\cdot|·|\*)\s*10\s*(?:\^|\*\*)\s*\{?([+-]?\d{1,3})\}?)?\s*(\\?%)?$/i;
const FRACTION = /^([+-]?)\s*(?:\\[dt]?frac\s*\{\s*([+-]?\s*\d{1,40})\s*\}\s*\{\s*(\d{1,40})\s*\}|(\d{1,40})\s*\/\s*(\d{1,40}))$/;
const COMMA = /^[+-]?\s*\d{1,15},\d{1,15}$/;

/** The number that a text is, or null where it isn't one plain number. */
export function numeral(text: string): Numeral | null {
  const clean = text.trim().replace(/[−–]/g, "-");
  const decimal = DECIMAL.exec(clean);
  if (decimal) {
    const [, sign, plain = "", power, ten, percent] = decimal;
    const raised = Number(power ?? ten ?? 0) - (percent ? 2 : 0);
    if (Math.abs(raised) > 200) return null;
    const behind = plain.split(".")[1]?.length ?? 0;
    const value = Number(`${sign}${plain}e${raised}`);
    return { value, last: raised - behind, digits: plain.replace(".", "").replace(/^0+/, "").length || 1 };
  }
  const fraction = FRACTION.exec(clean);
  if (fraction) {
    const [, sign, top, bottom, over, under] = fraction;
    const below = Number(bottom ?? under);
    const value = Number((top ?? over ?? "").replace(/\s/g, "")) / below;
    return below === 0 ? null : { value: sign === "-" ? -value : value, last: null, digits: 99 };
  }
  return COMMA.test(clean) ? numeral(clean.replace(",", ".")) : null;
}

/** How near a number is to the right one. `digits`: to how many significant digits it has to be right, at least. */
export function nearness({ value, last, digits: said }: Numeral, { value: right, ends }: Right, digits: number): Nearness {
  const gap = Math.abs(value - right);
  if (gap === 0) return "right";
  if (last === null) return gap <= FLOAT * Math.abs(right) ? "right" : "wrong";
  const rounded = 0.5 * 10 ** last * (1 + FLOAT);
  if (ends) return gap <= rounded && said > digits && goesOn(right, last) ? "right" : "wrong";
  if (gap <= rounded + FLOAT * Math.abs(right)) {
    if (value === 0) return right === 0 ? "right" : "wrong";
    return said >= digits ? "right" : "coarse";
  }
  return gap <= NEAR * Math.abs(right) ? "near" : "wrong";
}

/** Whether a decimal number goes on behind the place of this power of ten. */
function goesOn(right: number, last: number): boolean {
  return !Number.isInteger(Number((right * 10 ** -last).toPrecision(13)));
}
