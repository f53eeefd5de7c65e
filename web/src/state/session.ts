/** What the page is about: a worksheet, its network with the numbers of now, and what is chosen. */

import { batch, computed, signal } from "@preact/signals";
import { Net } from "../engine/net";
import type { Quantity } from "../engine/program";
import { TroubleError, type Backend, type Values } from "./backend";
import type { Layout, LiveWorking, Sheet, Spot, Trouble } from "./types";

export type Tab = "network" | "train" | "practise" | "build";
export const TABS: readonly Tab[] = ["network", "train", "practise", "build"];

/** What the working is of: one entry's derivative, or a pass through the whole network. */
export type Topic = { kind: "entry"; spot: Spot } | { kind: "forward" } | { kind: "backward" };

/** What a link holds. */
export interface Saved {
  text: string;
  values: Values;
  tab: Tab;
  topic: Topic;
  layout: Layout;
}

export class Session {
  readonly sheet = signal<Sheet | null>(null);
  readonly net = signal<Net | null>(null);
  /** Counts the edits: whatever shows a number of the net reads it. */
  readonly now = signal(0);
  readonly topic = signal<Topic>({ kind: "forward" });
  readonly working = signal<LiveWorking | null>(null);
  /** The step that next and previous lead to; −1: none, all are shown alike. */
  readonly at = signal(-1);
  readonly layout = signal<Layout>("numerator");
  readonly tab = signal<Tab>("network");
  readonly trouble = signal<Trouble | null>(null);
  /** Why there is no working of what is chosen, where it can't be had. */
  readonly lack = signal<Trouble | null>(null);
  readonly busy = signal(false);
  /** What was shown before, with its numbers: another worksheet takes nothing away. */
  readonly before = signal<readonly { sheet: Sheet; values: Values }[]>([]);
  readonly title = computed(() => this.sheet.value?.title ?? "");
  /** The given quantities that have no number yet, as they are written. */
  readonly unknown = computed(() => {
    void this.now.value;
    const net = this.net.value;
    return given(net).filter((q) => !net?.value(q.name).every(Number.isFinite)).map((q) => q.text);
  });
  private asked = 0;
  private tasks = 0;

  constructor(readonly backend: Backend) {}

  /** Show what there is to show, or what a link holds, where it can be read. */
  async start(link: Saved | null): Promise<void> {
    await this.attempt(async () => {
      const { sheet, error } = await this.backend.start();
      const { read } = this.backend;
      if (link === null || (link.text !== sheet.text && !read)) {
        this.open(sheet);
        this.trouble.value = error;
        return;
      }
      this.layout.value = link.layout;
      try {
        this.open(link.text === sheet.text || !read ? sheet : await read(link.text), link.values, link.topic);
      } catch (unread) {
        this.open(sheet);
        throw unread;
      }
    });
  }

  /** The worksheet that was made of layers here; any other has words of its own to lose. */
  readonly built = signal<Sheet | null>(null);

  /** Show another worksheet; `back` leads to this one again. */
  replace(sheet: Sheet): void {
    const old = this.sheet.value;
    if (old !== null) this.before.value = [...this.before.value, { sheet: old, values: this.values() }];
    this.open(sheet);
  }

  back(): void {
    const last = this.before.value.at(-1);
    if (last === undefined) return;
    this.before.value = this.before.value.slice(0, -1);
    this.open(last.sheet, last.values);
  }

  /** Show a worksheet, with these numbers in place of its own, and the working of this. */
  open(sheet: Sheet, values: Values = {}, topic: Topic = { kind: "forward" }): void {
    const net = sheet.net === null ? null : new Net(sheet.net);
    if (net !== null) fill(net, values);
    batch(() => {
      this.sheet.value = sheet;
      this.net.value = net;
      this.now.value += 1;
      this.trouble.value = null;
      this.topic.value = topic;
      this.working.value = null;
    });
    void this.derive();
  }

  edit(name: string, flat: number, value: number): void {
    const net = this.net.value;
    if (net === null) return;
    net.set(name, flat, value);
    net.evaluate();
    this.now.value += 1;
  }

  /** Put other numbers into the network that is shown. */
  enter(values: Values): void {
    const net = this.net.value;
    if (net === null) return;
    fill(net, values);
    this.now.value += 1;
  }

  /** Say that the net's numbers have changed otherwise, by training. */
  touched(): void {
    this.now.value += 1;
  }

  choose(topic: Topic): void {
    this.topic.value = topic;
    this.at.value = -1;
    void this.derive();
  }

  lay(layout: Layout): void {
    this.layout.value = layout;
    void this.derive();
  }

  /** The numbers of everything that is given and has some. */
  values(): Values {
    const net = this.net.value;
    if (net === null) return {};
    const found = given(net).map((q) => [q.name, Array.from(net.value(q.name))] as const);
    return Object.fromEntries(found.filter(([, numbers]) => numbers.every(Number.isFinite)));
  }

  quantity(name: string): Quantity | undefined {
    return this.net.value?.program.quantities.find((q) => q.name === name);
  }

  /** Run what may fail; what went wrong is shown. */
  async attempt(task: () => Promise<void>): Promise<void> {
    this.trouble.value = null;
    await this.pursue(task, (trouble) => (this.trouble.value = trouble));
  }

  private async pursue(task: () => Promise<void>, failed: (trouble: Trouble) => void): Promise<void> {
    this.busy.value = ++this.tasks > 0;
    try {
      await task();
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      failed(error.trouble);
    } finally {
      this.busy.value = --this.tasks > 0;
    }
  }

  /** Ask for the working of what is chosen; an answer that comes too late is dropped. Numbers go on without it. */
  private async derive(): Promise<void> {
    const [sheet, net, topic] = [this.sheet.value, this.net.value, this.topic.value];
    if (sheet === null || net === null) return;
    const mine = ++this.asked;
    const settle = (found: LiveWorking | null, lack: Trouble | null) =>
      batch(() => {
        if (mine !== this.asked) return;
        this.working.value = found;
        this.lack.value = lack;
      });
    await this.pursue(
      async () => settle(await this.wanted(sheet, net, topic), null),
      (trouble) => settle(null, trouble),
    );
  }

  private wanted(sheet: Sheet, net: Net, topic: Topic): Promise<LiveWorking | null> {
    const layout = this.layout.value;
    if (topic.kind !== "entry") {
      return this.backend.pass(sheet.text, this.values(), topic.kind, layout);
    }
    const objective = net.program.objective;
    if (objective === null) return Promise.resolve(null);
    return this.backend.working(sheet.text, this.values(), objective, this.entry(topic.spot), layout);
  }

  /** An entry as it is typed: W_1[1,2]. */
  entry([name, flat]: Spot): string {
    const quantity = this.quantity(name);
    if (quantity === undefined || quantity.shape.length === 0) return name;
    return `${name}[${slots(quantity, flat).join(",")}]`;
  }
}

function given(net: Net | null): Quantity[] {
  return net?.program.quantities.filter((q) => q.equation === null && q.role !== "gradient") ?? [];
}

/** Numbers of given quantities put into a net, and everything worked out anew. */
function fill(net: Net, values: Values): void {
  for (const [name, numbers] of Object.entries(values)) {
    const known = net.program.quantities.find((q) => q.name === name);
    if (known === undefined || known.equation !== null) continue;
    numbers.slice(0, size(known)).forEach((number, flat) => net.set(name, flat, number));
  }
  net.evaluate();
}

export function size(quantity: Quantity): number {
  return quantity.shape.reduce((a, b) => a * b, 1);
}

/** The entry numbers of a place in a quantity, as the page counts them. */
export function slots(quantity: Quantity, flat: number): number[] {
  const found: number[] = [];
  let rest = flat;
  for (let axis = quantity.shape.length - 1; axis >= 0; axis--) {
    const length = quantity.shape[axis] ?? 1;
    found.unshift((rest % length) + (quantity.lower[axis] ?? 1));
    rest = Math.floor(rest / length);
  }
  return found;
}
