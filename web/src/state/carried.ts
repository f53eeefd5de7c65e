/** A page that is one file: what Python worked out beforehand, and the engine for the rest. */

import type { Program } from "../engine/program";
import { TroubleError, type Backend, type DataSet, type Points } from "./backend";
import { judged, type Expected } from "./judging";
import type { Layout, LiveWorking, Sheet } from "./types";

/** What `backhand solve --interactive` puts into the file. */
export interface Carried {
  sheet: Sheet;
  /** By what is differentiated by, as it is typed, and by layout. */
  workings: Record<string, Record<Layout, LiveWorking>>;
  passes: Record<"forward" | "backward", Record<Layout, LiveWorking>>;
  answers: Record<string, Expected>;
  /** The working of each part as HTML. */
  keys: Record<string, string>;
  sets: DataSet[];
  points: Record<string, Points>;
  beside: { linear: Program | null; logistic: Program | null };
}

export function carried(found: Carried): Backend {
  return {
    start: () => Promise.resolve({ sheet: found.sheet, file: null, error: null }),
    working: (_text, _values, _of, by, layout) => there(found.workings[by]?.[layout], `the derivative by ${by}`),
    pass: (_text, _values, which, layout) => there(found.passes[which][layout], `the ${which} pass`),
    mark: (_text, part, answer) => Promise.resolve(judged(found.answers[part], answer)),
    key: (_text, part) => there(found.keys[part] === undefined ? undefined : { html: found.keys[part] }, "this working"),
    datasets: () => Promise.resolve(found.sets),
    data: (name) => there(found.points[name], `the data set ${name}`),
    beside: (inputs) => Promise.resolve(inputs === 2 ? found.beside : { linear: null, logistic: null }),
  };
}

function there<T>(item: T | undefined, what: string): Promise<T> {
  if (item !== undefined) return Promise.resolve(item);
  const trouble = { what: `this file doesn't hold ${what}`, mend: "open the worksheet with `backhand serve`", line: null, column: null };
  return Promise.reject(new TroubleError(trouble));
}
