/** Who reads text, derives, marks and exports: a server, or what a single file carries with it. */

import type { Layout, Level, LiveWorking, Mark, Sheet, Trouble } from "./types";
import type { Program } from "../engine/program";

export interface Layer {
  width: number;
  activation?: string;
}

export interface Points {
  inputs: number[][];
  targets: number[];
  /** How many classes the targets number, from 0; 0: they are numbers to be predicted. */
  classes: number;
  names: string[];
}

export type Values = Record<string, number[]>;

/** Every method rejects with `TroubleError`. What a backend can't do it leaves out. */
export interface Backend {
  start(): Promise<{ sheet: Sheet; file: string | null; error: Trouble | null }>;
  working(text: string, values: Values, of: string, by: string, layout: Layout): Promise<LiveWorking>;
  pass(text: string, values: Values, which: "forward" | "backward", layout: Layout): Promise<LiveWorking>;
  mark(text: string, part: string, answer: string, earlier: Record<string, string>, level: Level): Promise<Mark>;
  preview?(text: string, part: string, answer: string): Promise<{ math: string }>;
  key?(text: string, part: string): Promise<{ html: string }>;
  read?(text: string): Promise<Sheet>;
  network?(layers: Layer[], loss: string, seed: number): Promise<Sheet>;
  functions?(): Promise<{ activations: Choice[]; losses: Choice[] }>;
  variant?(text: string, seed: number): Promise<Sheet>;
  export?(text: string, values: Values, format: string): Promise<{ name: string; bytes: Blob }>;
  datasets(): Promise<DataSet[]>;
  data(name: string, count: number, seed: number): Promise<Points>;
  beside?(inputs: number, classes: number): Promise<{ linear: Program | null; logistic: Program | null }>;
  /** It stands in a page that isn't its own: no link leads to it. */
  embedded?: true;
}

/** A data set by name; `task`: two classes, 3 classes, numbers. `inputs`: how many each point has. */
export interface DataSet {
  name: string;
  title: string;
  task: string;
  inputs: number;
}

export interface Choice {
  name: string;
  text: string;
}

export class TroubleError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.what);
  }
}

/** Asks for a task by name, with its JSON; rejects with `TroubleError`. */
export type Ask = (task: string, body: object) => Promise<unknown>;

/** Somebody elsewhere who answers tasks: the server, or a notebook's kernel. */
export function remote(ask: Ask, save: Backend["export"]): Backend {
  const asked = <T>(task: string, body: object = {}) => ask(task, body) as Promise<T>;
  return {
    start: () => asked("start"),
    working: (text, values, of, by, layout) => asked("working", { text, values, of, by, layout }),
    pass: (text, values, which, layout) => asked(which, { text, values, layout }),
    mark: (text, part, answer, earlier, level) => asked("mark", { text, part, answer, earlier, level }),
    preview: (text, part, answer) => asked("preview", { text, part, answer }),
    key: (text, part) => asked("key", { text, part }),
    read: (text) => asked("read", { text }),
    network: (layers, loss, seed) => asked("network", { layers, loss, seed }),
    functions: () => asked("functions"),
    variant: (text, seed) => asked("variant", { text, seed }),
    datasets: async () => (await asked<{ data: DataSet[] }>("data")).data,
    data: (name, count, seed) => asked("points", { name, n: count, seed }),
    beside: (inputs, classes) => asked("beside", { inputs, classes }),
    ...(save && { export: save }),
  };
}
