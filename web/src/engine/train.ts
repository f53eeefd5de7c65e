// Gradient descent in the browser, by the same equations as everything else on the page.

import type { Net, Tape } from "./net";
import { Random } from "./random";

export interface Data {
  /** For each quantity with its own value at each point: points × size, point after point. */
  readonly inputs: Readonly<Record<string, Float64Array>>;
  readonly count: number;
}

export interface Options {
  readonly rate: number;
  readonly batch: number;
  /** null: the points in the order given, epoch after epoch. */
  readonly seed: number | null;
}

interface Learned {
  readonly name: string;
  readonly start: number;
  readonly size: number;
  readonly gradient: number;
  /** The sum of the gradients in this batch. */
  readonly sum: Float64Array;
}

interface Feed {
  readonly rows: Float64Array;
  readonly start: number;
  readonly size: number;
}

export class Trainer {
  rate: number;
  private readonly backward: Tape;
  private readonly forward: Tape;
  private readonly learned: readonly Learned[];
  private readonly feeds: readonly Feed[];
  private readonly objective: number;
  private readonly order: Uint32Array;
  private readonly batch: number;
  private readonly random: Random | null;
  private next = 0;
  private taken = 0;

  constructor(
    private readonly net: Net,
    private readonly data: Data,
    options: Options,
  ) {
    const { program, layout } = net;
    if (program.objective === null || program.updates.length === 0) {
      throw new RangeError("there is nothing to learn: no objective, or no parameter");
    }
    if (!(data.count > 0)) throw new RangeError("there is no data point to learn from");
    this.objective = layout.place(program.objective).start;
    const gradients = program.updates.map(([, gradient]) => gradient);
    const steady = program.quantities.map((quantity) => ({
      ...quantity,
      equation: program.steady[quantity.name] ?? quantity.equation,
    }));
    this.backward = net.tapeFor(net.needed([program.objective, ...gradients], steady));
    this.forward = net.tapeFor(net.needed([program.objective], steady));
    this.learned = program.updates.map(([name, gradient]) => {
      const { start, size } = layout.place(name);
      const sum = new Float64Array(size);
      return { name, start, size, gradient: layout.place(gradient).start, sum };
    });
    this.feeds = Object.entries(data.inputs).map(([name, rows]) => {
      const { start, size } = layout.place(name);
      if (rows.length !== data.count * size) {
        throw new RangeError(`${name} needs ${size} numbers for each of ${data.count} points`);
      }
      return { rows, start, size };
    });
    this.rate = options.rate;
    this.batch = Math.max(1, Math.min(options.batch, data.count));
    this.random = options.seed === null ? null : new Random(options.seed);
    this.order = Uint32Array.from({ length: data.count }, (_, point) => point);
    this.random?.shuffle(this.order);
  }

  /** How many steps have been taken. */
  get steps(): number {
    return this.taken;
  }

  /**
   * Take steps of gradient descent from where the net's parameters are, and put them back there.
   * The mean loss over these steps, each point's taken as it was met.
   */
  step(steps: number): number {
    const { memory } = this.backward;
    memory.set(this.net.numbers);
    let losses = 0;
    for (let n = 0; n < steps; n++) {
      losses += this.batch === 1 ? this.onePoint(memory) : this.manyPoints(memory);
    }
    this.taken += steps;
    for (const { name, start, size } of this.learned) {
      this.net.load(name, memory.subarray(start, start + size));
    }
    return losses / steps;
  }

  /** The mean loss over all points, with the net's parameters as they are. */
  loss(): number {
    const { memory } = this.forward;
    memory.set(this.net.numbers);
    let losses = 0;
    for (let point = 0; point < this.data.count; point++) {
      this.feed(memory, point);
      this.forward.run();
      losses += memory[this.objective]!;
    }
    return losses / this.data.count;
  }

  private onePoint(memory: Float64Array): number {
    this.feed(memory, this.point());
    this.backward.run();
    const { rate } = this;
    for (const { start, size, gradient } of this.learned) {
      for (let at = 0; at < size; at++) memory[start + at]! -= rate * memory[gradient + at]!;
    }
    return memory[this.objective]!;
  }

  private manyPoints(memory: Float64Array): number {
    // The last batch of an epoch may be a smaller one: no point counts twice.
    const count = Math.min(this.batch, this.data.count - this.next);
    for (const { sum } of this.learned) sum.fill(0);
    let losses = 0;
    for (let n = 0; n < count; n++) {
      this.feed(memory, this.point());
      this.backward.run();
      losses += memory[this.objective]!;
      for (const { size, gradient, sum } of this.learned) {
        for (let at = 0; at < size; at++) sum[at]! += memory[gradient + at]!;
      }
    }
    const rate = this.rate / count;
    for (const { start, size, sum } of this.learned) {
      for (let at = 0; at < size; at++) memory[start + at]! -= rate * sum[at]!;
    }
    return losses / count;
  }

  /** The next point of this epoch; a new epoch has a new order. */
  private point(): number {
    const found = this.order[this.next++]!;
    if (this.next === this.order.length) {
      this.next = 0;
      this.random?.shuffle(this.order);
    }
    return found;
  }

  private feed(memory: Float64Array, point: number): void {
    for (const { rows, start, size } of this.feeds) {
      const from = point * size;
      for (let at = 0; at < size; at++) memory[start + at] = rows[from + at]!;
    }
  }
}
