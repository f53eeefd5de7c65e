/** Answers judged without Python: numbers, vectors, matrices, shapes, counts and words; never formulas. */

import { nearness, numeral, type Nearness, type Numeral } from "../math/near";
import type { Mark } from "./types";

/** What is right, of a kind that can be judged here; a part of another kind carries its kind alone. */
export interface Expected {
  kind: string;
  /** Row by row. */
  numbers?: number[];
  shape?: number[];
  /** Which of the numbers are exactly these decimals. */
  ends?: boolean[];
  digits: number;
  /** What a word that may be typed means, and which meaning is right. */
  known?: Record<string, string>;
  word?: string;
}

type Judged = Pick<Mark, "verdict" | "credit" | "feedback">;

const RIGHT: Judged = { verdict: "right", credit: 1, feedback: "Right." };
const WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
const COMPARE = "This file can't judge such an answer: compare it with the working, or open the worksheet with `backhand serve`.";

export function judged(expected: Expected | undefined, answer: string): Mark {
  const found = expected ? judge(expected, trimmed(answer)) : undecided();
  return { slip: null, understood: answer, followed: false, ...found };
}

function judge(expected: Expected, answer: string): Judged {
  if (expected.known && expected.word !== undefined) return word(expected.known, expected.word, answer);
  const { numbers, shape } = expected;
  if (numbers === undefined || shape === undefined) return undecided();
  if (expected.kind === "shape") return ofShape(numbers, answer);
  if (expected.kind === "count" || expected.kind === "class") return counted(numbers[0] ?? NaN, answer);
  return entries(expected, numbers, shape, answer);
}

function wrong(feedback = ""): Judged {
  return { verdict: "wrong", credit: 0, feedback };
}

function unread(feedback: string): Judged {
  return { verdict: "unreadable", credit: 0, feedback };
}

function undecided(): Judged {
  return { verdict: "undecided", credit: 0, feedback: COMPARE };
}

/** An answer without the marks of mathematics around it. */
function trimmed(text: string): string {
  const bare = text.trim().replace(/\.+$/, "").trim();
  const inner = /^(?:\$\$([^]+)\$\$|\$([^]+)\$|\\\(([^]+)\\\)|\\\[([^]+)\\\]|`([^]+)`)$/.exec(bare);
  return inner ? (inner.slice(1).find((each) => each !== undefined) ?? "").trim() : bare;
}

/** What stands behind the name in a = 3; a longer equation, whose sides would have to be compared, as it is. */
function named(text: string): string {
  return /^\\?\p{L}[\p{L}\p{M}\w\\{}[\]^, ]*(?:=|≈|\\approx\b)([^=≈]+)$/u.exec(text)?.[1]?.trim() ?? text;
}

function word(known: Record<string, string>, right: string, answer: string): Judged {
  const said = answer.toLowerCase().replaceAll("’", "'").replace(/\s+/g, " ").replace(/^(it is|it's|is|this is|the claim is|the function is) /, "");
  const means = Object.hasOwn(known, said) ? known[said] : undefined;
  if (means === undefined) return unread(`write ${right === "proved" || right === "false" ? "true or false" : "convex, concave or neither"}.`);
  return means === right ? RIGHT : wrong();
}

function counted(right: number, answer: string): Judged {
  const said = named(answer).replace(/^(class|label)\s+/i, "");
  const [, head = ""] = /^(\S+)(?: [A-Za-z ]{1,60})?$/.exec(said) ?? [];
  const inWords = WORDS.indexOf(head.toLowerCase());
  const value = numeral(head)?.value ?? (inWords < 0 ? null : inWords);
  if (value === null) return unread("write a whole number: 6.");
  return value === right ? RIGHT : wrong();
}

const SHAPE = /^(?:(?:\\in|∈)\s*)?(?:\\mathbb\{?R\}?|ℝ|R)?\s*\^?\s*[{([]*\s*(\d{1,9})(?:\s*(?:x|X|×|\*|,|by|⨯|\\times)\s*(\d{0,9}))?\s*[})\]]*$/;

function ofShape(right: number[], answer: string): Judged {
  const found = SHAPE.exec(named(answer));
  if (!found) return unread("write rows × columns: 2x3.");
  const sizes = found.slice(1).filter(Boolean).map(Number);
  const plain = (each: number[]) => each.filter((size) => size !== 1).join();
  if (sizes.join() === right.join() || (right.length < 2 && plain(sizes) === plain(right))) return RIGHT;
  return wrong();
}

const PAIRS: Record<string, string> = { "[": "]", "(": ")", "{": "}" };

/** The rows of plain numbers that a text is; null where it isn't that. */
function rowsOf(text: string): Numeral[][] | null {
  const one = numeral(text);
  if (one) return [[one]];
  const body = text
    .replace(/\\left|\\right/g, "")
    .replace(/\\begin\{[bpvB]?matrix\}/g, "[")
    .replace(/\\end\{[bpvB]?matrix\}/g, "]")
    .replace(/\\\\/g, ";")
    .replaceAll("&", ",")
    .trim();
  if (PAIRS[body.charAt(0)] !== body.at(-1)) return null;
  const inside = body.slice(1, -1).trim().replace(/[;,]$/, "");
  const nested = inside.charAt(0) in PAIRS && PAIRS[inside.charAt(0)] === inside.at(-1);
  const lines = nested ? inside.slice(1, -1).split(/[\])]\s*[,;]?\s*[[(]/) : inside.split(/[;\n]/);
  const rows = lines.map((line) => (line.includes(",") ? line.trim().replace(/,$/, "").split(",") : line.trim().split(/\s+/)).map(numeral));
  const wide = new Set(rows.map((row) => row.length));
  return wide.size === 1 && rows.every((row) => row.every((cell) => cell !== null)) ? (rows as Numeral[][]) : null;
}

function entries(expected: Expected, numbers: number[], shape: number[], answer: string): Judged {
  const rows = rowsOf(named(answer));
  if (rows === null) {
    const many = shape.length === 2 ? "a row after the other: [1, 2; 3, 4]" : "numbers in brackets: [1, -2]";
    return unread(`write ${numbers.length === 1 ? "one number" : many}. What is still to be worked out, this file can't read.`);
  }
  const cells = rows.flat();
  const matrix = shape.length === 2 && Math.min(...shape) > 1;
  if (cells.length !== numbers.length || (matrix && rows.length !== shape[0])) return wrong(`The answer should be ${described(shape)}.`);
  const near = cells.map((cell, n): Nearness => nearness(cell, { value: numbers[n] ?? NaN, ends: expected.ends?.[n] ?? false }, expected.digits));
  if (near.every((each) => each === "right")) return RIGHT;
  if (near.every((each) => each === "right" || each === "near")) {
    return { ...RIGHT, feedback: "Right, though the last digits are off: round at the end only." };
  }
  if (!near.includes("wrong")) {
    return { verdict: "partly", credit: 0.75, feedback: `Right so far as it goes: give at least ${expected.digits} significant digits.` };
  }
  const good = near.filter((each) => each !== "wrong").length;
  if (good === 0 || near.length === 1) return wrong();
  return { verdict: "partly", credit: good / near.length, feedback: `${good} of ${near.length} entries are right.` };
}

function described(shape: number[]): string {
  if (shape.length === 0) return "one number";
  return shape.length === 1 ? `a vector of ${shape[0]} entries` : `a ${shape.join("×")} matrix`;
}
