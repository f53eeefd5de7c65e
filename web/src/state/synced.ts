/** The network's numbers, the entry chosen and the layout: here and in Python always the same. */

import { effect } from "@preact/signals";
import type { Values } from "./backend";
import type { Model } from "./kernel";
import { size, type Session } from "./session";
import type { Layout, Spot } from "./types";

/** Numbers as Python has them: nested by a quantity's shape. */
type Nested = number | Nested[];

/** Milliseconds between two messages on numbers that move, as while training runs. */
const PAUSE = 150;

/** Keep a session and a model the same from now on; returns what ends it. */
export function synced(session: Session, model: Model): () => void {
  /** The numbers that both sides had last: only what differs from them is taken over. */
  let known = flattened(model.get("values"));
  let timer: ReturnType<typeof setTimeout> | undefined;

  const push = () => {
    timer = undefined;
    const sheet = session.sheet.value;
    const now = session.values();
    const moved = sheet?.text !== model.get("text");
    const changed = Object.keys(now).filter((name) => now[name]?.every(Number.isFinite) && !same(now[name], known[name]));
    if (sheet === null || (!moved && changed.length === 0)) return;
    known = moved ? now : { ...known, ...Object.fromEntries(changed.map((name) => [name, now[name] ?? []])) };
    const nested = Object.entries(known).filter(([, numbers]) => numbers.every(Number.isFinite));
    model.set("text", sheet.text);
    model.set("values", Object.fromEntries(nested.map(([name, numbers]) => [name, shaped(numbers, session.quantity(name)?.shape ?? [])])));
    model.save_changes();
  };
  const pull = () => {
    const next = flattened(model.get("values"));
    const changed = Object.entries(next).filter(([name, numbers]) => !same(numbers, known[name]));
    known = { ...known, ...next };
    if (changed.length > 0) session.enter(Object.fromEntries(changed));
  };
  const reopen = async () => {
    const text = model.get("text") as string;
    const { read } = session.backend;
    if (!read || text === session.sheet.value?.text) return;
    await session.attempt(async () => {
      const sheet = await read(text);
      known = flattened(model.get("values"));
      session.open(sheet, known);
    });
  };
  const choose = () => {
    const spot = spotOf(session, model.get("selected") as string | null);
    if (spot !== null) session.choose({ kind: "entry", spot });
    else if (session.topic.value.kind === "entry") session.choose({ kind: "forward" });
  };
  const lay = () => {
    const layout = model.get("layout_name") as Layout;
    if (layout !== session.layout.value) session.lay(layout);
  };
  const listeners = { "change:values": pull, "change:text": () => void reopen(), "change:selected": choose, "change:layout_name": lay };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  lay();
  if (model.get("selected") !== null) choose();

  const tell = (name: string, value: unknown) => {
    if (model.get(name) === value) return;
    model.set(name, value);
    model.save_changes();
  };
  const ends = [
    effect(() => {
      void [session.sheet.value, session.now.value];
      timer ??= setTimeout(push, PAUSE);
    }),
    effect(() => {
      const topic = session.topic.value;
      tell("selected", topic.kind === "entry" ? session.entry(topic.spot) : null);
    }),
    effect(() => tell("layout_name", session.layout.value)),
  ];
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

/** An entry by how it is typed: W_1[1,2]. */
function spotOf(session: Session, typed: string | null): Spot | null {
  if (typed === null) return null;
  const topic = session.topic.value;
  if (topic.kind === "entry" && session.entry(topic.spot) === typed) return topic.spot;
  const name = typed.split("[")[0] ?? "";
  const quantity = session.quantity(name);
  const flat = quantity ? Array.from({ length: size(quantity) }, (_, n) => n).find((n) => session.entry([name, n]) === typed) : undefined;
  return flat === undefined ? null : [name, flat];
}

function same(a: number[], b: number[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((number, at) => number === b[at]);
}

export function flattened(values: unknown): Values {
  const found = (values ?? {}) as Record<string, Nested>;
  return Object.fromEntries(Object.entries(found).map(([name, nested]) => [name, flat(nested)]));
}

function flat(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flat);
}

/** Numbers row by row as lists of lists; without axes one number. */
function shaped(numbers: number[], shape: readonly number[]): Nested {
  const [, ...inner] = shape;
  if (shape.length === 0) return numbers[0] ?? NaN;
  const each = inner.reduce((a, b) => a * b, 1);
  return Array.from({ length: shape[0] ?? 0 }, (_, at) => shaped(numbers.slice(at * each, (at + 1) * each), inner));
}
