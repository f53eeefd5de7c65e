// A program with numbers: what is given can be set, and everything else follows.

import { Equations } from "./equations";
import { Expander } from "./expand";
import { Layout } from "./layout";
import { real, type Node, type Program, type Quantity } from "./program";
import { run } from "./tape";

/** Operations with the array that they work on. Its first entries are those of the quantities. */
export class Tape {
  readonly memory: Float64Array;

  constructor(
    private readonly code: Int32Array,
    size: number,
    constants: readonly (readonly [number, number])[],
  ) {
    this.memory = new Float64Array(size);
    for (const [place, value] of constants) this.memory[place] = value;
  }

  run(): void {
    run(this.code, this.memory);
  }
}

export class Net {
  readonly layout: Layout;
  readonly equations: Equations;
  private readonly tape: Tape;
  private changes = 0;

  constructor(readonly program: Program) {
    this.layout = new Layout(program);
    this.equations = new Equations(program.expressions);
    this.tape = this.tapeFor(program.quantities);
    for (const { name, value } of program.quantities) {
      const { start, size } = this.layout.place(name);
      const given = value === null ? null : value.map(real);
      for (let flat = 0; flat < size; flat++) {
        this.tape.memory[start + flat] = given === null ? NaN : given[flat]!;
      }
    }
  }

  /** Every entry of every quantity, in the order of the program. */
  get numbers(): Float64Array {
    return this.tape.memory.subarray(0, this.layout.end);
  }

  /** Give an entry of a given quantity another number. `evaluate` lets the rest follow. */
  set(name: string, flat: number, value: number): void {
    this.entries(name, flat)[flat] = value;
    this.changes++;
  }

  /** Give a whole given quantity other numbers. */
  load(name: string, values: ArrayLike<number>): void {
    const entries = this.entries(name, values.length - 1);
    if (values.length !== entries.length) {
      throw new RangeError(`${name} has ${entries.length} entries, not ${values.length}`);
    }
    entries.set(values);
    this.changes++;
  }

  /** The numbers of a quantity, as the last `evaluate` left them; a view, not a copy. */
  value(name: string): Float64Array {
    const { start, size } = this.layout.place(name);
    return this.tape.memory.subarray(start, start + size);
  }

  /** Work everything out, gradients included. */
  evaluate(): void {
    this.tape.run();
    const { numbers } = this;
    // No page has the number −0.
    for (let at = 0; at < numbers.length; at++) numbers[at]! += 0;
    this.changes++;
  }

  /** How often a number was set or everything worked out: what was read before that is stale. */
  get version(): number {
    return this.changes;
  }

  /** The number of one of the program's own expressions without free letters. */
  expression(index: number): number {
    return evaluated(this, this.program.expressions, index);
  }

  /** A tape of these quantities' equations, in their order. */
  tapeFor(quantities: readonly Quantity[]): Tape {
    const expander = new Expander(this.equations, this.layout);
    for (const quantity of quantities) expander.quantity(quantity);
    const { code, size, constants } = expander.finished();
    return new Tape(code, size, constants);
  }

  /** What has to be worked out for these quantities, themselves included, in order. */
  needed(names: readonly string[], among = this.program.quantities): Quantity[] {
    const wanted = new Set(names);
    const found: Quantity[] = [];
    for (const quantity of [...among].reverse()) {
      if (!wanted.has(quantity.name)) continue;
      found.push(quantity);
      if (quantity.equation === null) continue;
      for (const name of this.equations.names(quantity.equation)) wanted.add(name);
    }
    return found.reverse();
  }

  private entries(name: string, flat: number): Float64Array {
    const { quantity, size } = this.layout.place(name);
    if (quantity.equation !== null) throw new RangeError(`${name} is worked out, not given`);
    if (!(flat >= 0 && flat < size)) throw new RangeError(`${name} has no entry ${flat}`);
    return this.value(name);
  }
}

/** Further expressions over a net's quantities, such as the numbers in a working. */
export class Expressions {
  private readonly tape: Tape;
  private readonly places = new Map<number, number>();
  private worked = -1;

  /** Every node without a free letter is worked out. */
  constructor(
    readonly net: Net,
    nodes: readonly Node[],
  ) {
    const equations = new Equations(nodes);
    const expander = new Expander(equations, net.layout);
    equations.parts.forEach((part, index) => {
      if (part.free.length === 0) this.places.set(index, expander.closed(index));
    });
    const { code, size, constants } = expander.finished();
    this.tape = new Tape(code, size, constants);
  }

  /** The number of one of them at what the net's quantities are now. */
  value(index: number): number {
    const place = this.places.get(index);
    if (place === undefined) throw new RangeError(`expression ${index} has no number of its own`);
    const { memory } = this.tape;
    if (this.worked !== this.net.version) {
      memory.set(this.net.numbers);
      this.tape.run();
      this.worked = this.net.version;
    }
    return memory[place]! + 0;
  }
}

const EXPRESSIONS = new WeakMap<readonly Node[], Expressions>();

/** The number of one expression over a net's quantities; the list of nodes is prepared once. */
export function evaluated(net: Net, nodes: readonly Node[], index: number): number {
  let found = EXPRESSIONS.get(nodes);
  if (found?.net !== net) {
    found = new Expressions(net, nodes);
    EXPRESSIONS.set(nodes, found);
  }
  return found.value(index);
}
