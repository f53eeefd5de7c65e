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
  names: string[];
}

export type Values = Record<string, number[]>;

/** Every method rejects with `TroubleError`. What a backend can't do it leaves out. */
export interface Backend {
  start(): Promise<{ sheet: Sheet; file: string | null }>;
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
  beside?(inputs: number, classes: number): Promise<{ linear: Program; logistic: Program }>;
}

/** A data set by name; `task`: two classes, 3 classes, numbers. */
export interface DataSet {
  name: string;
  title: string;
  task: string;
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

/** Backhand's own server, on the same origin. */
export function server(): Backend {
  return {
    start: () => get("api/start"),
    working: (text, values, of, by, layout) => post("api/working", { text, values, of, by, layout }),
    pass: (text, values, which, layout) => post(`api/${which}`, { text, values, layout }),
    mark: (text, part, answer, earlier, level) => post("api/mark", { text, part, answer, earlier, level }),
    preview: (text, part, answer) => post("api/preview", { text, part, answer }),
    key: (text, part) => post("api/key", { text, part }),
    read: (text) => post("api/read", { text }),
    network: (layers, loss, seed) => post("api/network", { layers, loss, seed }),
    functions: () => get("api/functions"),
    variant: (text, seed) => post("api/variant", { text, seed }),
    export: async (text, values, format) => {
      const answer = await asked("api/export", { text, values, format });
      const said = answer.headers.get("content-disposition") ?? "";
      const name = /filename="([^"]+)"/.exec(said)?.[1] ?? `backhand.${format}`;
      return { name, bytes: await answer.blob() };
    },
    datasets: async () => (await get<{ data: DataSet[] }>("api/data")).data,
    data: (name, count, seed) => get(`api/data/${encodeURIComponent(name)}?n=${count}&seed=${seed}`),
    beside: (inputs, classes) => post("api/beside", { inputs, classes }),
  };
}

async function get<T>(path: string): Promise<T> {
  return (await asked(path)).json() as Promise<T>;
}

async function post<T>(path: string, body: unknown): Promise<T> {
  return (await asked(path, body)).json() as Promise<T>;
}

const UNREACHED: Trouble = {
  what: "the server doesn't answer",
  mend: "see whether `backhand serve` is still running",
  line: null,
  column: null,
};

async function asked(path: string, body?: unknown): Promise<Response> {
  const request: RequestInit =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer: Response;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new TroubleError(UNREACHED);
  }
  if (answer.ok) return answer;
  let trouble: Trouble = { ...UNREACHED, what: `the server answered ${answer.status}`, mend: null };
  try {
    trouble = ((await answer.json()) as { error: Trouble }).error;
  } catch {
    // No JSON: the status has to say it.
  }
  throw new TroubleError(trouble);
}
