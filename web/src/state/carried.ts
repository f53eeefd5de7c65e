/** A page that is one file: what Python worked out beforehand, and the engine for the rest. */

import type { Program } from "../engine/program";
import { near } from "../math/near";
import { typed } from "../math/numbers";
import { TroubleError, type Backend, type DataSet, type Points } from "./backend";
import type { Layout, LiveWorking, Mark, Sheet } from "./types";

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

/** What is right: numbers row by row, or words. A part that needs a person, or Python, has neither. */
interface Expected {
  numbers?: number[];
  digits: number;
  words?: string;
}

export function carried(found: Carried): Backend {
  return {
    start: () => Promise.resolve({ sheet: found.sheet, file: null, error: null }),
    working: (_text, _values, _of, by, layout) => there(found.workings[by]?.[layout], `the derivative by ${by}`),
    pass: (_text, _values, which, layout) => there(found.passes[which][layout], `the ${which} pass`),
    mark: (_text, part, answer) => Promise.resolve(marked(found.answers[part], answer)),
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

const COMPARE = "This file can't judge such an answer: compare it with the working.";

/** Numbers and words are judged here; for anything else the working is to be compared. */
function marked(expected: Expected | undefined, answer: string): Mark {
  const mark = (verdict: Mark["verdict"], feedback: string): Mark => ({
    verdict,
    credit: verdict === "right" ? 1 : 0,
    slip: null,
    feedback,
    understood: answer,
    followed: false,
  });
  if (expected?.words !== undefined) {
    const same = answer.trim().toLowerCase() === expected.words.toLowerCase();
    return same ? mark("right", "Right.") : mark("wrong", "");
  }
  if (expected?.numbers === undefined) return mark("undecided", COMPARE);
  const cells = answer.replace(/\b(x|by)\b|×/g, " ").split(/[\s,;()[\]{}]+/).filter(Boolean);
  const numbers = cells.map(typed);
  if (numbers.length === 0 || numbers.includes(null)) return mark("unreadable", "write numbers, with commas between them.");
  const wanted = expected.numbers;
  if (cells.length !== wanted.length) return mark("wrong", `Give ${wanted.length} number${wanted.length > 1 ? "s" : ""}.`);
  const off = cells.findIndex((cell, at) => !near(cell, wanted[at] ?? NaN, expected.digits));
  if (off < 0) return mark("right", "Right.");
  return mark("wrong", wanted.length > 1 ? `Look at number ${off + 1} again.` : "");
}
