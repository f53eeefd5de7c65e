// The program's nodes, prepared for expansion: letters as numbers, slots taken apart.

import { real, type Node, type Slot } from "./program";

/** A position: offset + Σ coefficient · letter, to lie between low and high. */
export interface Position {
  readonly offset: number;
  readonly letters: readonly number[];
  readonly coefficients: readonly number[];
  readonly low: number;
  readonly high: number;
}

interface Common {
  /** The letters that a sum outside gives a value: the node has one number for each of these. */
  readonly free: readonly number[];
}

export type Part = Common &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "entry"; readonly name: string; readonly slots: readonly Position[] }
    | {
        readonly kind: "padded";
        readonly name: string;
        readonly slots: readonly Position[];
        readonly rank: number;
      }
    | { readonly kind: "same"; readonly left: Position; readonly right: Position }
    | {
        readonly kind: "sum";
        readonly letter: number;
        readonly low: number;
        readonly high: number;
        readonly body: number;
      }
    | { readonly kind: "add"; readonly terms: readonly number[] }
    | ({ readonly kind: "mul" } & Product)
    | { readonly kind: "power"; readonly base: number; readonly exponent: number }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly number[] }
    | {
        readonly kind: "compare";
        readonly order: ">" | ">=" | "=";
        readonly left: number;
        readonly right: number;
      }
  );

/** A product by its kinds of factors, in the order in which they are taken. */
export interface Product {
  readonly coefficient: number;
  readonly factors: readonly number[];
  /** What stands below the bar. */
  readonly divisors: readonly number[];
  /** Logarithms come last: 0 · log 0 is 0. */
  readonly logs: readonly number[];
  /** e^u / Σ e^v, taken as e^(u − log Σ e^v): u, and the sum. */
  readonly softmax: { readonly exponent: number; readonly sum: number } | null;
}

export class Equations {
  readonly parts: Part[] = [];
  private readonly letters = new Map<string, number>();

  constructor(readonly nodes: readonly Node[]) {
    for (const node of nodes) this.parts.push(this.part(node));
  }

  /** The number of a letter, which it gets when it is first met. */
  letter(name: string): number {
    const found = this.letters.get(name) ?? this.letters.size;
    this.letters.set(name, found);
    return found;
  }

  get letterCount(): number {
    return this.letters.size;
  }

  at(index: number): Part {
    const found = this.parts[index];
    if (!found) throw new RangeError(`there is no expression ${index}`);
    return found;
  }

  private part(node: Node): Part {
    switch (node[0]) {
      case "num":
        return { kind: "number", value: real(node[1]), free: [] };
      case "const":
        return { kind: "number", value: node[1] === "pi" ? Math.PI : Math.E, free: [] };
      case "ref": {
        const slots = node[2].map((slot) => this.position(slot));
        return { kind: "entry", name: node[1], slots, free: lettersOf(slots) };
      }
      case "pad": {
        const slots = node[2].map((slot) => this.position(slot));
        return { kind: "padded", name: node[1], slots, rank: node[3], free: lettersOf(slots) };
      }
      case "same": {
        const [left, right] = [this.position(node[1]), this.position(node[2])];
        return { kind: "same", left, right, free: lettersOf([left, right]) };
      }
      case "sum": {
        const letter = this.letter(node[1]);
        const free = this.free([node[4]]).filter((each) => each !== letter);
        return { kind: "sum", letter, low: node[2], high: node[3], body: node[4], free };
      }
      case "add":
        return { kind: "add", terms: node[1], free: this.free(node[1]) };
      case "mul":
        return { kind: "mul", ...this.product(node[1]), free: this.free(node[1]) };
      case "pow": {
        const free = this.free([node[1], node[2]]);
        return { kind: "power", base: node[1], exponent: node[2], free };
      }
      case "call":
        return { kind: "call", name: node[1], args: node[2], free: this.free(node[2]) };
      case "cmp": {
        const free = this.free([node[2], node[3]]);
        return { kind: "compare", order: node[1], left: node[2], right: node[3], free };
      }
    }
  }

  private free(args: readonly number[]): number[] {
    return [...new Set(args.flatMap((arg) => this.at(arg).free))];
  }

  private position(slot: Slot): Position {
    if (typeof slot === "number") {
      return { offset: slot, letters: [], coefficients: [], low: -Infinity, high: Infinity };
    }
    if (typeof slot === "string") {
      const letters = [this.letter(slot)];
      return { offset: 0, letters, coefficients: [1], low: -Infinity, high: Infinity };
    }
    const [offset, terms, low, high] = slot;
    const letters = Object.keys(terms).map((name) => this.letter(name));
    return { offset, letters, coefficients: Object.values(terms), low, high };
  }

  private product(args: readonly number[]): Product {
    let coefficient = 1;
    const factors: number[] = [];
    const divisors: number[] = [];
    const logs: number[] = [];
    let exponent: number | null = null;
    let sum: number | null = null;
    for (const arg of args) {
      const part = this.at(arg);
      const below = part.kind === "power" && this.isNumber(part.exponent, -1) ? part.base : null;
      if (part.kind === "number") coefficient *= part.value;
      else if (part.kind === "call" && part.name === "log") logs.push(arg);
      else if (part.kind === "call" && part.name === "exp" && exponent === null) {
        exponent = part.args[0]!;
        factors.push(arg);
      } else if (below !== null) {
        if (sum === null && this.exponentials(below) !== null) sum = below;
        divisors.push(below);
      } else factors.push(arg);
    }
    if (exponent === null || sum === null) {
      return { coefficient, factors, divisors, logs, softmax: null };
    }
    return {
      coefficient,
      factors: factors.filter((each) => !this.isExp(each, exponent)),
      divisors: divisors.filter((each) => each !== sum),
      logs,
      softmax: { exponent, sum },
    };
  }

  private isExp(index: number, exponent: number): boolean {
    const part = this.at(index);
    return part.kind === "call" && part.name === "exp" && part.args[0] === exponent;
  }

  isNumber(index: number, value: number): boolean {
    const part = this.at(index);
    return part.kind === "number" && part.value === value;
  }

  /** Where a node is Σ e^v: v. */
  exponentials(index: number): number | null {
    const part = this.at(index);
    if (part.kind !== "sum") return null;
    const body = this.at(part.body);
    return body.kind === "call" && body.name === "exp" ? body.args[0]! : null;
  }

  /** The names of the quantities in an equation. */
  names(index: number): Set<string> {
    const found = new Set<string>();
    const seen = new Set<number>();
    const stack = [index];
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const node = this.nodes[at]!;
      if (node[0] === "ref" || node[0] === "pad") found.add(node[1]);
      else stack.push(...args(node));
    }
    return found;
  }
}

function args(node: Node): readonly number[] {
  switch (node[0]) {
    case "sum":
      return [node[4]];
    case "add":
    case "mul":
      return node[1];
    case "pow":
      return [node[1], node[2]];
    case "call":
      return node[2];
    case "cmp":
      return [node[2], node[3]];
    default:
      return [];
  }
}

function lettersOf(slots: readonly Position[]): number[] {
  return [...new Set(slots.flatMap((slot) => slot.letters))];
}
