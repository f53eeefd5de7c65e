/** Whether a number that was typed is the right one, rounded as it may be. */

import { typed } from "./numbers";

const FLOAT = 1e-9;
/** A decimal of more digits than these is taken for a rounded one. */
const SHORT = 12;

/** `digits`: to how many significant digits it has to be right, at least. */
export function near(text: string, right: number, digits: number): boolean {
  const value = typed(text);
  if (value === null) return false;
  const gap = Math.abs(value - right);
  if (gap <= FLOAT * Math.abs(right)) return true;
  if (text.includes("/")) return false;
  const [mantissa = "", power = "0"] = text.toLowerCase().replace(/[−-]/g, "-").split("e");
  const decimals = mantissa.split(/[.,]/)[1]?.length ?? 0;
  const last = Number(power) - decimals;
  const said = mantissa.replace(/[^\d]/g, "").replace(/^0+/, "").length;
  // A whole number or short decimal is meant as it stands, unless it goes on behind many digits.
  if (said < (ends(right) ? digits + 1 : digits)) return false;
  return value !== 0 && gap <= 0.5 * 10 ** last * (1 + FLOAT);
}

/** Whether a number is a decimal that ends soon, as exact ones mostly do. */
function ends(right: number): boolean {
  return Number(right.toPrecision(SHORT)) === right;
}
