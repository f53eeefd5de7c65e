/** A notebook's kernel, asked by messages: `{id, task, body}` there, `{id, status, body}` back. */

import { remote, TroubleError, type Ask, type Backend, type Values } from "./backend";
import type { Trouble } from "./types";

/** The part of a widget's model that is used here, in Jupyter, marimo and elsewhere the same. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
}

interface Reply {
  id: string;
  status: number;
  body: unknown;
  name: string;
  kind: string;
}

interface Answer extends Reply {
  buffers: DataView[];
}

/** A kernel at work on a cell answers after it. */
const PATIENCE = 60_000;
const SILENT: Trouble = {
  what: "the notebook's kernel doesn't answer",
  mend: "see whether it runs and isn't at work on another cell; then run this widget's cell again",
  line: null,
  column: null,
};

/** The kernel behind a model; with it what ends the listening. */
export function kernel(model: Model): { backend: Backend; close: () => void } {
  const waiting = new Map<string, (answer: Answer) => void>();
  const own = Math.random().toString(36).slice(2);
  let count = 0;

  // Every view of a widget hears every message: an answer to another has another's id.
  const listen = (message: Partial<Reply> | null, buffers: DataView[] = []) => {
    if (typeof message?.id === "string") waiting.get(message.id)?.({ ...(message as Reply), buffers });
  };
  model.on("msg:custom", listen);

  const send = (task: string, body: object): Promise<Answer> => {
    const id = `${own}-${++count}`;
    return new Promise((done, failed) => {
      const timer = setTimeout(() => end(() => failed(new TroubleError(SILENT))), PATIENCE);
      const end = (then: () => void) => {
        clearTimeout(timer);
        waiting.delete(id);
        then();
      };
      waiting.set(id, (answer) =>
        end(() => (answer.status === 200 ? done(answer) : failed(new TroubleError((answer.body as { error: Trouble }).error)))),
      );
      model.send({ id, task, body });
    });
  };

  const ask: Ask = async (task, body) => (await send(task, body)).body;
  const save = async (text: string, values: Values, format: string) => {
    const { name, kind, buffers } = await send("export", { text, values, format });
    const [bytes] = buffers;
    return { name, bytes: new Blob(bytes ? [bytes as DataView<ArrayBuffer>] : [], { type: kind }) };
  };
  return { backend: { ...remote(ask, save), embedded: true }, close: () => model.off("msg:custom", listen) };
}
