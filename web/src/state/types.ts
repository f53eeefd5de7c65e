/** What the page is given: worksheets and derivations as Python writes them. */

import type { Node, Program } from "../engine/program";

/** A worksheet: its source, its network as a program, its questions. */
export interface Sheet {
  text: string;
  title: string;
  net: Program | null;
  notes: string[];
  /** The table's name of the loss that the objective is, where it has one. */
  loss: string | null;
  questions: Question[];
}

export interface Question {
  number: string;
  /** HTML, escaped by whoever wrote it, as is `before`: what the page says since the last question. */
  words: string;
  before: string;
  parts: Part[];
}

export interface Part {
  number: string;
  kind: string;
  ask: string;
  about: [string, string] | null;
}

export type Layout = "numerator" | "denominator";
export type Level = "hint" | "step" | "full";

/** What a hole shows: an expression of `expressions`, or a whole quantity, perhaps transposed. */
export type Live = number | { array: string; turned?: boolean };

/** A derivation whose numbers are worked out here: see `math/live.ts`. */
export interface LiveWorking {
  of: string;
  by: string;
  layout: Layout;
  /** MathML, as are `formula` and `substitution` of a step. */
  answer: string;
  result: { live: number } | null;
  expressions: Node[];
  live: Live[];
  steps: LiveStep[];
  paths: Hop[][];
}

export interface LiveStep {
  title: string;
  rule: string;
  formula: string | null;
  substitution: string | null;
  value: number | null;
  note: string;
  /** Notes that hold where the number of a hole is 0. */
  kinks: { when: number; note: string }[];
  /** Entries that the step is about: a quantity's name and the entry's place in it. */
  where: Spot[];
}

export type Spot = readonly [name: string, flat: number];

/** One factor of a path: the derivative of one entry by another. */
export interface Hop {
  of: Spot;
  by: Spot;
  live: number;
}

export interface Mark {
  verdict: "right" | "partly" | "wrong" | "undecided" | "unreadable";
  credit: number;
  slip: string | null;
  feedback: string;
  understood: string;
  followed: boolean;
}

/** What was wrong, what to write instead, and where. */
export interface Trouble {
  what: string;
  mend: string | null;
  line: number | null;
  column: number | null;
}
