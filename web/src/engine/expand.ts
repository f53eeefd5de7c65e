// Equations in index notation, written out entry by entry as operations on numbers.

import { NAMES1, NAMES2 } from "./functions.generated";
import { Equations, type Part, type Position, type Product } from "./equations";
import type { Layout, Place } from "./layout";
import type { Quantity } from "./program";
import { Op, Operations } from "./tape";

/** No particular place: a new one, or where the number already is. */
const ANYWHERE = -1;
/** Room for a letter's value in the key of a number that is worked out once. */
const SPAN = 2 ** 20;

/** Where a number lies. */
type Spot = number;

/** What a tape works on: its operations, how many places it needs, and the constants in some. */
export interface Expansion {
  readonly code: Int32Array;
  readonly size: number;
  readonly constants: readonly (readonly [place: number, value: number])[];
}

export class Expander {
  private readonly operations = new Operations();
  private readonly constants = new Map<number, Spot>();
  private readonly done = new Map<number, Map<number | string, Spot>>();
  private readonly normalisers = new Map<number, Map<number | string, Spot>>();
  /** The value of each letter, by its number. */
  private readonly values: number[] = [];
  private used: number;
  private readonly zero: Spot;
  private readonly one: Spot;

  constructor(
    private readonly equations: Equations,
    private readonly layout: Layout,
  ) {
    this.used = layout.end;
    this.zero = this.constant(0);
    this.one = this.constant(1);
  }

  /** Write out a quantity's equation for each of its entries. */
  quantity(quantity: Quantity): void {
    if (quantity.equation === null) return;
    const { start, size } = this.layout.place(quantity.name);
    const letters = quantity.axes.map((axis) => this.equations.letter(axis));
    const counts = quantity.shape.map(() => 0);
    for (let flat = 0; flat < size; flat++) {
      letters.forEach((letter, axis) => {
        this.values[letter] = quantity.lower[axis]! + counts[axis]!;
      });
      this.expression(quantity.equation, start + flat);
      for (let axis = counts.length - 1; axis >= 0; axis--) {
        counts[axis]!++;
        if (counts[axis]! < quantity.shape[axis]!) break;
        counts[axis] = 0;
      }
    }
  }

  /** Write out one expression without free letters; the place of its number. */
  closed(index: number): Spot {
    return this.expression(index, ANYWHERE);
  }

  /** A new place for a number, with what it holds at first. */
  constant(value: number): Spot {
    const found = this.constants.get(value) ?? this.used++;
    this.constants.set(value, found);
    return found;
  }

  finished(): Expansion {
    const constants = [...this.constants].map(([value, place]) => [place, value] as const);
    return { code: this.operations.gathered(), size: this.used, constants };
  }

  private expression(index: number, into: Spot): Spot {
    const part = this.equations.at(index);
    const leaf = this.leaf(part);
    if (leaf !== null) return this.moved(leaf, into);
    const known = this.known(this.done, index);
    const key = this.key(part);
    const held = known.get(key);
    if (held !== undefined) return this.moved(held, into);
    const place = this.worked(index, part, into);
    known.set(key, place);
    return place;
  }

  /** The place of a number that needs no operation, or null. */
  private leaf(part: Part): Spot | null {
    switch (part.kind) {
      case "number":
        return this.constant(part.value);
      case "entry":
        return this.entry(this.layout.place(part.name), part.slots);
      case "padded":
        return this.padded(this.layout.place(part.name), part.slots, part.rank);
      case "same": {
        const left = this.position(part.left);
        return left !== null && left === this.position(part.right) ? this.one : this.zero;
      }
      default:
        return null;
    }
  }

  private worked(index: number, part: Part, into: Spot): Spot {
    switch (part.kind) {
      case "sum":
        return this.total(part.letter, part.low, part.high, part.body, into);
      case "add":
        return this.sum(part.terms, into);
      case "mul":
        return this.product(part, into);
      case "power":
        return this.power(part.base, part.exponent, into);
      case "call":
        return this.call(part.name, part.args, into);
      case "compare": {
        const code = { ">": Op.GT, ">=": Op.GE, "=": Op.EQ }[part.order];
        const [left, right] = [this.expression(part.left, ANYWHERE), this.expression(part.right, ANYWHERE)];
        return this.write(code, into, left, right);
      }
      default:
        throw new Error(`expression ${index} has no rule`);
    }
  }

  // ---- sums --------------------------------------------------------------------------------

  private total(letter: number, low: number, high: number, body: number, into: Spot): Spot {
    const before = this.values[letter];
    const target = into === ANYWHERE ? this.used++ : into;
    let sum: Spot | null = null;
    for (let value = low; value <= high; value++) {
      this.values[letter] = value;
      sum = this.plus(sum, body, target);
    }
    if (before === undefined) delete this.values[letter];
    else this.values[letter] = before;
    return this.moved(sum ?? this.zero, into);
  }

  private sum(terms: readonly number[], into: Spot): Spot {
    const target = into === ANYWHERE ? this.used++ : into;
    let sum: Spot | null = null;
    for (const term of terms) sum = this.plus(sum, term, target);
    return this.moved(sum ?? this.zero, into);
  }

  /** The sum so far and one term more, in `target` where that takes an operation. */
  private plus(sum: Spot | null, term: number, target: Spot): Spot {
    const part = this.equations.at(term);
    const plain = part.kind === "mul" && part.softmax === null && part.logs.length === 0;
    if (!plain || part.divisors.length > 0 || this.done.get(term)?.has(this.key(part))) {
      return this.plusPlace(sum, this.expression(term, ANYWHERE), target);
    }
    const { coefficient, factors } = part;
    const places = factors.map((factor) => this.expression(factor, ANYWHERE));
    if (places.includes(this.zero)) return this.plusPlace(sum, this.zero, target);
    const kept = places.filter((place) => place !== this.one);
    if (coefficient === -1 && sum !== null) {
      return this.write(Op.SUB, target, sum, this.times(kept, ANYWHERE));
    }
    if (coefficient !== 1) kept.unshift(this.constant(coefficient));
    if (kept.length < 2 || sum === null || sum === this.zero) {
      return this.plusPlace(sum, this.times(kept, ANYWHERE), target);
    }
    const last = kept.pop()!;
    return this.write(Op.MULADD, target, this.times(kept, ANYWHERE), last, sum);
  }

  private plusPlace(sum: Spot | null, term: Spot, target: Spot): Spot {
    if (sum === null || sum === this.zero) return term;
    return term === this.zero ? sum : this.write(Op.ADD, target, sum, term);
  }

  // ---- products and powers -----------------------------------------------------------------

  private product(product: Product, into: Spot): Spot {
    const places = product.factors.map((factor) => this.expression(factor, ANYWHERE));
    if (product.softmax !== null) places.unshift(this.softmax(product.softmax));
    if (places.includes(this.zero)) return this.moved(this.zero, into);
    const divisors = product.divisors.map((each) => this.expression(each, ANYWHERE));
    const logs = product.logs.map((each) => this.expression(each, ANYWHERE));
    const kept = places.filter((place) => place !== this.one);
    const negative = product.coefficient === -1;
    if (product.coefficient !== 1 && !negative) kept.unshift(this.constant(product.coefficient));
    const more = divisors.length + logs.length + (negative ? 1 : 0);
    let found: Spot;
    if (kept.length === 0 && divisors.length > 0) {
      found = this.write(Op.INV, more === 1 ? into : ANYWHERE, divisors.shift()!);
    } else {
      found = this.times(kept, more === 0 ? into : ANYWHERE);
    }
    for (const divisor of divisors) found = this.write(Op.DIV, ANYWHERE, found, divisor);
    for (const log of logs) {
      found = found === this.one ? log : this.write(Op.MULLOG, ANYWHERE, found, log);
    }
    if (negative) found = this.write(Op.NEG, into, found);
    return this.moved(found, into);
  }

  private times(places: readonly Spot[], into: Spot): Spot {
    const [first = this.one, ...rest] = places;
    let found = first;
    rest.forEach((place, at) => {
      found = this.write(Op.MUL, at === rest.length - 1 ? into : ANYWHERE, found, place);
    });
    return this.moved(found, into);
  }

  private power(base: number, exponent: number, into: Spot): Spot {
    const below = this.expression(base, ANYWHERE);
    if (this.equations.isNumber(exponent, -1)) return this.write(Op.INV, into, below);
    if (this.equations.isNumber(exponent, 2)) return this.write(Op.MUL, into, below, below);
    return this.write(Op.POW, into, below, this.expression(exponent, ANYWHERE));
  }

  // ---- functions ---------------------------------------------------------------------------

  private call(name: string, args: readonly number[], into: Spot): Spot {
    if (name === "log" && this.equations.exponentials(args[0]!) !== null) {
      return this.moved(this.logOfSum(args[0]!), into);
    }
    const places = args.map((arg) => this.expression(arg, ANYWHERE));
    const one = NAMES1.indexOf(name);
    if (one >= 0 && places.length === 1) return this.write(Op.CALL1, into, places[0]!, one);
    const two = NAMES2.indexOf(name);
    if (two >= 0 && places.length === 2) {
      return this.write(Op.CALL2, into, places[0]!, places[1]!, two);
    }
    throw new RangeError(`the page has no function ${name}`);
  }

  private softmax(found: { exponent: number; sum: number }): Spot {
    const shift = this.logOfSum(found.sum);
    const exponent = this.expression(found.exponent, ANYWHERE);
    return this.function1("exp", this.write(Op.SUB, ANYWHERE, exponent, shift));
  }

  /** log Σ e^v, shifted by the largest v so that nothing overflows. */
  private logOfSum(index: number): Spot {
    const part = this.equations.at(index);
    if (part.kind !== "sum") throw new Error("no sum of exponentials");
    const known = this.known(this.normalisers, index);
    const key = this.key(part);
    const held = known.get(key);
    if (held !== undefined) return held;
    const exponent = this.equations.exponentials(index)!;
    const places: Spot[] = [];
    const before = this.values[part.letter];
    for (let value = part.low; value <= part.high; value++) {
      this.values[part.letter] = value;
      places.push(this.expression(exponent, ANYWHERE));
    }
    if (before === undefined) delete this.values[part.letter];
    else this.values[part.letter] = before;
    const largest = this.used++;
    places.forEach((place, at) => {
      if (at === 0) this.operations.write(Op.COPY, largest, place);
      else this.operations.write(Op.MAX, largest, largest, place);
    });
    const top = this.write(Op.FINITE, ANYWHERE, largest);
    const terms = places.map((place) =>
      this.function1("exp", this.write(Op.SUB, ANYWHERE, place, top)),
    );
    const sum = this.used++;
    terms.forEach((term, at) => {
      if (at === 0) this.operations.write(Op.COPY, sum, term);
      else this.operations.write(Op.ADD, sum, sum, term);
    });
    const found = this.write(Op.ADD, ANYWHERE, this.function1("log", sum), top);
    known.set(key, found);
    return found;
  }

  private function1(name: string, place: Spot): Spot {
    return this.write(Op.CALL1, ANYWHERE, place, NAMES1.indexOf(name));
  }

  // ---- places ------------------------------------------------------------------------------

  /** Write an operation; the place of its result. */
  private write(code: number, into: Spot, a: Spot, b = 0, c = 0): Spot {
    const d = into === ANYWHERE ? this.used++ : into;
    this.operations.write(code, d, a, b, c);
    return d;
  }

  private moved(place: Spot, into: Spot): Spot {
    if (into === ANYWHERE || place === into) return place;
    return this.write(Op.COPY, into, place);
  }

  private entry(place: Place, slots: readonly Position[]): Spot {
    let at = place.start;
    const { lower, shape } = place.quantity;
    for (let axis = 0; axis < slots.length; axis++) {
      const position = this.position(slots[axis]!);
      if (position === null) return this.zero;
      const step = position - lower[axis]!;
      if (step < 0 || step >= shape[axis]!) return this.zero;
      at += step * place.strides[axis]!;
    }
    return at;
  }

  private padded(place: Place, slots: readonly Position[], rank: number): Spot {
    const last = this.position(slots[slots.length - 1]!);
    if (last === null) return this.zero;
    if (last === 0) return this.one;
    return this.entry(place, rank < slots.length ? slots.slice(0, -1) : slots);
  }

  /** The value of a position; null where it lies outside its axis. */
  private position(slot: Position): number | null {
    let found = slot.offset;
    for (let at = 0; at < slot.letters.length; at++) {
      found += slot.coefficients[at]! * this.values[slot.letters[at]!]!;
    }
    return found < slot.low || found > slot.high ? null : found;
  }

  private known(
    held: Map<number, Map<number | string, Spot>>,
    index: number,
  ): Map<number | string, Spot> {
    const found = held.get(index) ?? new Map<number | string, Spot>();
    held.set(index, found);
    return found;
  }

  /** What the free letters stand for: an expression has one number for each such key. */
  private key(part: Part): number | string {
    const { free } = part;
    if (free.length > 2) return free.map((letter) => this.values[letter]).join(",");
    let key = 0;
    for (const letter of free) key = key * SPAN + this.values[letter]! + SPAN / 2;
    return key;
  }
}
