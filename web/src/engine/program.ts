// The program that the server makes of a graph: quantities and their equations in index notation.

/** A position in an axis: a number, a letter, or a sum of letters with the range of its axis. */
export type Slot =
  | number
  | string
  | readonly [offset: number, terms: Readonly<Record<string, number>>, low: number, high: number];

/** A part of an equation; the numbers point at earlier nodes of the same list. */
export type Node =
  | readonly ["num", number | string]
  | readonly ["const", "pi" | "e"]
  | readonly ["ref", string, readonly Slot[]]
  | readonly ["pad", string, readonly Slot[], number]
  | readonly ["same", Slot, Slot]
  | readonly ["sum", string, number, number, number]
  | readonly ["add", readonly number[]]
  | readonly ["mul", readonly number[]]
  | readonly ["pow", number, number]
  | readonly ["call", string, readonly number[]]
  | readonly ["cmp", ">" | ">=" | "=", number, number];

export type Role = "data" | "target" | "parameter" | "intermediate" | "objective" | "gradient";

export interface Quantity {
  readonly name: string;
  readonly role: Role;
  readonly shape: readonly number[];
  /** The first entry number of each axis: 0 where a bias is folded in, else 1. */
  readonly lower: readonly number[];
  readonly axes: readonly string[];
  readonly math: string;
  readonly text: string;
  /** Row by row; null where it is worked out, or not given. */
  readonly value: readonly (number | string)[] | null;
  readonly equation: number | null;
  readonly formula: string | null;
  readonly of?: string;
  readonly by?: string;
}

/** An entry of a quantity: its name, and its number row by row, from 0. */
export type Entry = readonly [name: string, flat: number];

export interface Unit {
  readonly id: string;
  readonly label: string | null;
  readonly text: string | null;
  readonly bias: boolean;
  readonly shown: Entry | null;
  readonly inner: Entry | null;
}

export interface Column {
  readonly title: string;
  readonly function: string;
  readonly size: number;
  readonly units: readonly Unit[];
}

export interface Edge {
  readonly start: string;
  readonly end: string;
  readonly weight: Entry | null;
}

export interface Picture {
  readonly columns: readonly Column[];
  readonly edges: readonly Edge[];
}

export interface Program {
  readonly version: number;
  readonly objective: string | null;
  readonly quantities: readonly Quantity[];
  readonly expressions: readonly Node[];
  /** Each parameter that is learned, with the gradient that its update subtracts. */
  readonly updates: readonly (readonly [parameter: string, gradient: string])[];
  /** Equations that training uses instead of a quantity's own: the same without overflow. */
  readonly steady: Readonly<Record<string, number>>;
  readonly points: Readonly<Record<string, readonly (readonly (number | string)[])[]>>;
  readonly picture: Picture;
}

/** A number of the program; those that aren't finite are strings in JSON. */
export function real(value: number | string): number {
  if (typeof value === "number") return value;
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : NaN;
}
