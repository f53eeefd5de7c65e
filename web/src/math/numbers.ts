/** Numbers as the working shows them, and as people type them. */

const DIGITS = 4;
/** A number below this power of ten is written with one. */
const LEAST_POWER = -4;

/** A number to four significant digits; whole thousands keep all theirs. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return minus(String(value));
  const sign = value < 0 ? "−" : "";
  if (size >= 1000 && size < 1e7) return sign + Number(rounded(size, String(Math.trunc(size)).length - 1));
  const [mantissa = "", power] = rounded(size, DIGITS - 1).split("e");
  const exponent = Number(power);
  if (exponent < LEAST_POWER || exponent >= DIGITS) return `${sign}${trimmed(mantissa)}e${exponent}`;
  return sign + trimmed(Number(`${mantissa}e${power}`).toFixed(Math.max(0, DIGITS - 1 - exponent)));
}

/** A positive number as a power of ten, with so many decimals; halfway it goes to the even one, as in Python. */
function rounded(size: number, decimals: number): string {
  const [exact = "", power = "0"] = size.toExponential(decimals + 30).split("e");
  const kept = exact.slice(0, decimals + 2);
  const rest = exact.slice(decimals + 2);
  const halfway = /^50*$/.test(rest) && Number(kept.at(-1)) % 2 === 0;
  return halfway ? `${kept}e${power}` : size.toExponential(decimals);
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

function minus(text: string): string {
  return text.replace("-", "−");
}

/** A number for reading in a line of text: 1.5×10⁻⁷; a dash where there is none. */
export function plain(value: number): string {
  if (Number.isNaN(value)) return "–";
  const [mantissa = "", power] = digits(value).split("e");
  return power === undefined ? mantissa : `${mantissa}×10${raised(power)}`;
}

/** An exponent's digits, raised. */
export function raised(power: string): string {
  return [...power].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
}

/** A number as MathML; `bracketed` where it stands behind a sign. */
export function numberMath(value: number, bracketed: boolean): string {
  if (Number.isNaN(value)) return "<mtext>undefined</mtext>";
  const text = digits(value);
  const negative = text.startsWith("−");
  const [mantissa = "", power] = text.replace("−", "").split("e");
  let math = mantissa === "∞" ? "<mi>∞</mi>" : `<mn>${mantissa}</mn>`;
  if (power !== undefined) {
    const below = power.startsWith("-") ? `<mo>−</mo><mn>${power.slice(1)}</mn>` : `<mn>${power}</mn>`;
    math += `<mo>×</mo><msup><mn>10</mn><mrow>${below}</mrow></msup>`;
  }
  if (!negative) return math;
  math = `<mo form="prefix">−</mo>${math}`;
  const fence = (sign: string, form: string) =>
    `<mo fence="true" stretchy="false" form="${form}">${sign}</mo>`;
  return bracketed ? fence("(", "prefix") + math + fence(")", "postfix") : math;
}

/** A matrix or a column as MathML, perhaps transposed; a long one with its middle left out. */
export function arrayMath(values: ArrayLike<number>, shape: readonly number[], turned: boolean): string {
  if (values.length === 1) return numberMath(values[0] ?? NaN, false);
  const long = shape[0] ?? 1;
  const wide = values.length / long;
  const [rows, columns] = turned ? [wide, long] : [long, wide];
  const at = (r: number, c: number) => values[turned ? c * wide + r : r * wide + c] ?? NaN;
  const line = (r: number) =>
    kept(columns)
      .map((c) => (c < 0 ? "<mtd><mo>⋯</mo></mtd>" : `<mtd>${numberMath(at(r, c), false)}</mtd>`))
      .join("");
  const dots = kept(columns).map(() => "<mtd><mo>⋮</mo></mtd>").join("");
  const lines = kept(rows).map((r) => `<mtr>${r < 0 ? dots : line(r)}</mtr>`);
  return `<mtable class="matrix">${lines.join("")}</mtable>`;
}

const MOST = 8;

/** Places that are shown, −1 for what is left out. */
function kept(count: number): number[] {
  if (count <= MOST) return Array.from({ length: count }, (_, n) => n);
  return [...Array.from({ length: MOST - 3 }, (_, n) => n), -1, count - 1];
}

/** What was typed as a number: decimals, fractions, a typographic minus; null where it isn't one yet. */
export function typed(text: string): number | null {
  const clean = text.trim().replace(/−/g, "-").replace(/,(?=\d)/, ".");
  const fraction = /^([+-]?\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)$/.exec(clean);
  if (fraction) {
    const below = Number(fraction[2]);
    return below === 0 ? null : Number(fraction[1]) / below;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean)) return null;
  const value = Number(clean);
  return Number.isFinite(value) ? value : null;
}

/** A number as it stands in a field for typing: all its digits, few zeros; nothing where there is none. */
export function editable(value: number): string {
  if (Number.isNaN(value)) return "";
  return String(Number(value.toPrecision(10))).replace("-", "−");
}
