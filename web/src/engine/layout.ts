// Where the entries of every quantity lie in the one array of numbers.

import type { Program, Quantity } from "./program";

export interface Place {
  readonly quantity: Quantity;
  readonly start: number;
  readonly size: number;
  readonly strides: readonly number[];
}

export class Layout {
  readonly places: ReadonlyMap<string, Place>;
  /** How many entries there are: what comes after them is for work on the way. */
  readonly end: number;

  constructor(program: Program) {
    const places = new Map<string, Place>();
    let start = 0;
    for (const quantity of program.quantities) {
      const { shape } = quantity;
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce(times, 1));
      const size = shape.reduce(times, 1);
      places.set(quantity.name, { quantity, start, size, strides });
      start += size;
    }
    this.places = places;
    this.end = start;
  }

  place(name: string): Place {
    const found = this.places.get(name);
    if (!found) throw new RangeError(`there is no quantity ${name}`);
    return found;
  }
}

function times(a: number, b: number): number {
  return a * b;
}
