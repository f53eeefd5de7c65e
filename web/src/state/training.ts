/** Training in the page: the same points for the network and for the models beside it. */

import { batch, signal } from "@preact/signals";
import { Net } from "../engine/net";
import { predict } from "../engine/predict";
import type { Program } from "../engine/program";
import { Trainer } from "../engine/train";
import { TroubleError, type DataSet, type Points } from "./backend";
import type { Trouble } from "./types";
import { size, type Session } from "./session";

/** Milliseconds of each frame that go into steps; the rest draws. */
const FRAME = 9;
const MOST_HISTORY = 600;
/** The name under which the points of the worksheet itself are chosen. */
export const OWN = "the worksheet's own";
/** The data set to begin with, where it fits. */
const FIRST = "moons";

const USUAL = 0.1;
/** Inputs of a mean square beyond this make steps at the usual rate too long. */
const LARGE = 100;

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
  readonly rate = signal(USUAL);
  readonly batch = signal(1);
  /** Counts what is to be drawn again. */
  readonly now = signal(0);
  readonly speed = signal(0);
  private frame = 0;
  private seed = 1;
  /** The rate that was set here, and not by hand. */
  private usual = USUAL;

  constructor(readonly session: Session) {}

  async start(): Promise<void> {
    if (this.points.value !== null || !this.session.net.value?.program.updates.length) return;
    await this.session.attempt(async () => {
      this.sets.value = await this.session.backend.datasets();
      const { own } = this;
      const several = (own?.inputs.length ?? 0) > 1;
      const fitting = this.sets.value.filter((set) => this.takes(set));
      const first = several ? undefined : (fitting.find(({ name }) => name === FIRST) ?? fitting[0]);
      if (first !== undefined) await this.load(first.name);
      else if (own !== null) await this.use(OWN, own);
    });
  }

  async load(name: string): Promise<void> {
    const { own } = this;
    await this.session.attempt(async () =>
      name === OWN && own !== null ? this.use(OWN, own) : this.use(name, await this.session.backend.data(name, 200, this.seed)),
    );
  }

  /** The worksheet's own data: its several points, or the one that is shown. */
  get own(): Points | null {
    const net = this.session.net.value;
    return ownPoints(net) ?? shownPoint(net);
  }

  /** Whether the network has the inputs and outputs for a data set. */
  takes({ inputs, task }: DataSet): boolean {
    const net = this.session.net.value;
    return net !== null && misfit(net, inputs, classesIn(task)) === null;
  }

  /** Train on these points from the numbers that the network has now. */
  async use(name: string, points: Points): Promise<void> {
    this.pause();
    const net = this.session.net.value;
    const wide = points.inputs[0]?.length ?? 0;
    const beside = this.session.backend.beside;
    const others = beside ? await beside(wide, points.classes) : null;
    const found: Contender[] = [];
    if (this.rate.value === this.usual) this.rate.value = this.usual = gentle(points);
    const enter = (title: string, each: Net) => found.push(this.contender(title, each, points));
    if (net !== null) {
      const wrong = misfit(net, wide, points.classes);
      if (wrong !== null) throw new TroubleError(wrong);
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

/** The usual learning rate, or where inputs are large a lower one, with which a line still learns. */
function gentle({ inputs }: Points): number {
  const square = inputs.flat().reduce((sum, x) => sum + x * x, 0) / Math.max(1, inputs.length);
  return square > LARGE ? Number((0.5 / square).toPrecision(1)) : USUAL;
}

/** Why points with so many inputs and classes aren't for a net; null where they are. */
function misfit(net: Net, inputs: number, classes: number): Trouble | null {
  const count = (role: string) => net.program.quantities.filter((q) => q.role === role).reduce((sum, q) => sum + size(q), 0);
  const trouble = (what: string, mend: string) => ({ what, mend: `choose other points, or ${mend} under Build`, line: null, column: null });
  const [takes, aims] = [count("data"), count("target")];
  if (aims === 0) return { ...trouble("nothing is to be learned here", ""), mend: "give the worksheet a target y and a loss that compares with it" };
  if (takes !== inputs) return trouble(`the network takes ${numbersOf(takes)} and each point has ${inputs}`, "give the network that many inputs");
  const wanted = classes > 2 ? classes : 1;
  // Two classes are one target, or two, one for each.
  if (aims === wanted || (aims === 2 && classes === 2)) return null;
  const kind = classes > 2 ? `the points are of ${classes} classes` : "each point has one target";
  return trouble(`the network has ${aims === 1 ? "one output" : `${aims} outputs`} and ${kind}`, `give it ${wanted === 1 ? "one" : wanted}`);
}

function numbersOf(count: number): string {
  return count === 1 ? "one number" : `${count} numbers`;
}

function classesIn(task: string): number {
  return task === "two classes" ? 2 : Number.parseInt(task, 10) || 0;
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

/** The one point whose numbers stand in the network, where it is a whole one. */
function shownPoint(net: Net | null): Points | null {
  if (net === null) return null;
  const all = (role: string) => net.program.quantities.filter((q) => q.role === role).flatMap((q) => Array.from(net.value(q.name)));
  const [inputs, target] = [all("data"), all("target")];
  if (target.length === 0 || inputs.length === 0 || ![...inputs, ...target].every(Number.isFinite)) return null;
  const [only = 0] = target;
  if (target.length === 1) return { inputs: [inputs], targets: [only], names: [], classes: only === 0 || only === 1 ? 2 : 0 };
  const one = target.indexOf(1);
  if (one < 0 || target.some((number, n) => number !== (n === one ? 1 : 0))) return null;
  return { inputs: [inputs], targets: [one], names: [], classes: target.length };
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
