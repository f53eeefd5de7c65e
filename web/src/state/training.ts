/** Training in the page: the same points for the network and for the models beside it. */

import { batch, signal } from "@preact/signals";
import { Net } from "../engine/net";
import { predict } from "../engine/predict";
import type { Program } from "../engine/program";
import { Trainer } from "../engine/train";
import { TroubleError, type DataSet, type Points } from "./backend";
import { size, type Session } from "./session";

/** Milliseconds of each frame that go into steps; the rest draws. */
const FRAME = 9;
const MOST_HISTORY = 600;

/** One model in training, with the mean losses so far. */
export interface Contender {
  title: string;
  net: Net;
  trainer: Trainer;
  start: Map<string, Float64Array>;
  history: History;
}

/** Losses over all points by the step at which they were taken; thinned out as they grow. */
export class History {
  readonly steps: number[] = [];
  readonly losses: number[] = [];

  add(step: number, loss: number): void {
    this.steps.push(step);
    this.losses.push(loss);
    if (this.steps.length < MOST_HISTORY) return;
    for (const list of [this.steps, this.losses]) {
      const kept = list.filter((_, at) => at % 2 === 0 || at === list.length - 1);
      list.splice(0, list.length, ...kept);
    }
  }
}

export class Training {
  readonly sets = signal<DataSet[]>([]);
  readonly chosen = signal("");
  readonly points = signal<Points | null>(null);
  readonly contenders = signal<Contender[]>([]);
  readonly running = signal(false);
  readonly rate = signal(0.1);
  readonly batch = signal(1);
  /** Counts what is to be drawn again. */
  readonly now = signal(0);
  readonly speed = signal(0);
  private frame = 0;
  private seed = 1;

  constructor(readonly session: Session) {}

  async start(): Promise<void> {
    if (this.points.value !== null) return;
    await this.session.attempt(async () => {
      this.sets.value = await this.session.backend.datasets();
      const own = ownPoints(this.session.net.value);
      if (own !== null) return this.use("the worksheet's own points", own);
      const first = this.sets.value.find(({ name }) => name === "moons") ?? this.sets.value[0];
      if (first !== undefined) await this.load(first.name);
    });
  }

  async load(name: string): Promise<void> {
    await this.session.attempt(async () => this.use(name, await this.session.backend.data(name, 200, this.seed)));
  }

  /** Train on these points from the numbers that the network has now. */
  async use(name: string, points: Points): Promise<void> {
    this.pause();
    const net = this.session.net.value;
    const wide = points.inputs[0]?.length ?? 0;
    const beside = this.session.backend.beside;
    const others = beside ? await beside(wide, points.classes) : null;
    const found: Contender[] = [];
    const enter = (title: string, each: Net) => found.push(this.contender(title, each, points));
    if (net !== null) {
      this.fits(net, wide);
      enter("Network", net);
    }
    if (others?.logistic) enter("Logistic regression", opened(others.logistic));
    if (others?.linear) enter("Linear regression", opened(others.linear));
    batch(() => {
      this.chosen.value = name;
      this.points.value = points;
      this.contenders.value = found;
      this.now.value += 1;
    });
  }

  /** Give every model the numbers from which it began. */
  reset(): void {
    this.pause();
    const points = this.points.value;
    if (points === null) return;
    this.contenders.value = this.contenders.value.map(({ title, net, start }) => {
      for (const [name, numbers] of start) net.load(name, numbers);
      net.evaluate();
      return this.contender(title, net, points);
    });
    this.drawn();
  }

  /** Take some steps; with `steps` 0 as many as a frame has time for. */
  take(steps: number): void {
    const began = performance.now();
    let taken = 0;
    const every = this.contenders.value;
    do {
      const count = steps || 16;
      for (const { trainer } of every) {
        trainer.rate = this.rate.value;
        trainer.step(count);
      }
      taken += count;
    } while (steps === 0 && performance.now() - began < FRAME);
    for (const each of every) {
      each.history.add(each.trainer.steps, each.trainer.loss());
      each.net.evaluate();
    }
    if (every.some(({ history }) => !Number.isFinite(history.losses.at(-1) ?? 0))) this.diverged();
    this.speed.value = Math.round((taken * every.length) / ((performance.now() - began) / 1000));
    this.drawn();
  }

  run(): void {
    if (this.running.value) return;
    this.running.value = true;
    const go = () => {
      if (!this.running.value) return;
      this.take(0);
      this.frame = requestAnimationFrame(go);
    };
    this.frame = requestAnimationFrame(go);
  }

  pause(): void {
    this.running.value = false;
    cancelAnimationFrame(this.frame);
  }

  /** The batch has changed: from here on with new batches. */
  rebatch(size: number): void {
    this.batch.value = size;
    const points = this.points.value;
    if (points === null) return;
    this.contenders.value = this.contenders.value.map((each) => ({
      ...each,
      trainer: this.trainer(each.net, points),
    }));
  }

  private contender(title: string, net: Net, points: Points): Contender {
    const start = new Map(net.program.updates.map(([name]) => [name, Float64Array.from(net.value(name))]));
    const trainer = this.trainer(net, points);
    const history = new History();
    history.add(0, trainer.loss());
    return { title, net, trainer, start, history };
  }

  private trainer(net: Net, points: Points): Trainer {
    const data = { inputs: fed(net, points), count: points.inputs.length };
    return new Trainer(net, data, { rate: this.rate.value, batch: this.batch.value, seed: this.seed });
  }

  private fits(net: Net, wide: number): void {
    const takes = dataOf(net).reduce((sum, q) => sum + size(q), 0);
    if (takes === wide) return;
    throw new TroubleError({
      what: `the network takes ${takes} numbers and each point has ${wide}`,
      mend: "choose other points, or give the network that many inputs under Build",
      line: null,
      column: null,
    });
  }

  private diverged(): void {
    this.pause();
    this.session.trouble.value = {
      what: "the loss is no longer a finite number",
      mend: `reset, and try a learning rate below ${this.rate.value}`,
      line: null,
      column: null,
    };
  }

  private drawn(): void {
    this.now.value += 1;
    this.session.touched();
  }
}

function opened(program: Program): Net {
  const net = new Net(program);
  net.evaluate();
  return net;
}

function dataOf(net: Net) {
  return net.program.quantities.filter((q) => q.role === "data");
}

/** The points as the net's own data and targets; more targets than one are classes, one-hot. */
export function fed(net: Net, points: Points): Record<string, Float64Array> {
  const found: Record<string, Float64Array> = {};
  const count = points.inputs.length;
  let from = 0;
  for (const quantity of dataOf(net)) {
    const width = size(quantity);
    const first = from;
    found[quantity.name] = Float64Array.from({ length: count * width }, (_, at) => points.inputs[Math.floor(at / width)]?.[first + (at % width)] ?? NaN);
    from += width;
  }
  for (const quantity of net.program.quantities.filter((q) => q.role === "target")) {
    const width = size(quantity);
    found[quantity.name] = Float64Array.from({ length: count * width }, (_, at) => {
      const target = points.targets[Math.floor(at / width)] ?? NaN;
      return width === 1 ? target : Number(target === at % width);
    });
  }
  return found;
}

/** The worksheet's own data points, where it has several. */
function ownPoints(net: Net | null): Points | null {
  const points = net?.program.points ?? {};
  const inputs = net ? dataOf(net).map((q) => points[q.name]) : [];
  const target = net?.program.quantities.find((q) => q.role === "target");
  const targets = target && points[target.name];
  const count = targets?.length ?? 0;
  if (!targets || count < 2 || inputs.some((rows) => rows === undefined)) return null;
  const one = targets.every((row) => row.length === 1);
  return {
    inputs: Array.from({ length: count }, (_, n) => inputs.flatMap((rows) => (rows?.[n] ?? []).map(Number))),
    targets: targets.map((row) => (one ? Number(row[0]) : row.map(Number).indexOf(Math.max(...row.map(Number))))),
    names: [],
    classes: one && targets.some(([t]) => t !== 0 && t !== 1) ? 0 : Math.max(2, targets[0]?.length ?? 2),
  };
}

/** The quantity that a net's last units show: its prediction. */
export function outputOf(net: Net): string | null {
  const column = net.program.picture.columns.at(-1);
  return column?.units.find((unit) => unit.shown !== null)?.shown?.[0] ?? null;
}

/** What a net says at each of some points, as one number: of several outputs, the class. */
export function said(net: Net, inputs: Float64Array): Float64Array {
  const name = outputOf(net);
  if (name === null) return new Float64Array(0);
  const width = net.value(name).length;
  const found = predict(net, name, inputs);
  if (width === 1) return found;
  return Float64Array.from({ length: found.length / width }, (_, n) => {
    const row = found.subarray(n * width, (n + 1) * width);
    return row.indexOf(Math.max(...row));
  });
}
