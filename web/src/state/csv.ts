/** A table of numbers as people paste it: a header or none, the last column the target. */

import { typed } from "../math/numbers";
import { TroubleError, type Points } from "./backend";

const MOST_ROWS = 20_000;

/** Read a table; its target may be words, which become the classes 0, 1, … in order of the alphabet. */
export function table(text: string): Points {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const rows = lines.map((line, at) => ({ at: at + 1, line })).filter(({ line }) => line.trim() !== "");
  const first = rows[0];
  if (first === undefined) throw problem("the table is empty", "give a line for each point: x1, x2, target", 1);
  const mark = [";", "\t", ","].find((each) => first.line.includes(each)) ?? ",";
  const cells = rows.map(({ at, line }) => ({ at, cells: line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")) }));
  const head = cells[0]!.cells;
  const named = head.slice(0, -1).some((cell) => typed(cell) === null);
  const body = named ? cells.slice(1) : cells;
  if (head.length < 2) throw problem("there is one column only", "put inputs and a target on each line, with commas between", first.at);
  if (body.length === 0) throw problem("there is a header and no point", "give a line for each point", first.at);
  if (body.length > MOST_ROWS) throw problem(`there are ${body.length} points`, `keep to ${MOST_ROWS}; \`backhand train\` takes more`, first.at);
  const inputs = body.map(({ at, cells }) => {
    if (cells.length !== head.length) throw problem(`${cells.length} cells, where others have ${head.length}`, "give every line the same number", at);
    return cells.slice(0, -1).map((cell, column) => {
      const number = typed(cell);
      if (number === null) throw problem(`${cell || "nothing"} is no number`, "write 2, -0.5 or 1/3", at, column + 1);
      return number;
    });
  });
  const said = body.map(({ cells }) => cells[cells.length - 1] ?? "");
  const numbers = said.map(typed);
  const classes = [...new Set(said)].sort();
  const targets = numbers.every((n) => n !== null) ? (numbers as number[]) : said.map((each) => classes.indexOf(each));
  const names = named ? head : head.map((_, column) => (column < head.length - 1 ? `x${column + 1}` : "target"));
  return { inputs, targets, names, classes: classesOf(targets) };
}

/** Whole numbers from 0 on, few and each met, are classes. */
function classesOf(targets: number[]): number {
  const met = new Set(targets);
  const most = Math.max(...met);
  return most < 20 && most >= 1 && met.size === most + 1 && targets.every((t) => Number.isInteger(t) && t >= 0) ? met.size : 0;
}

function problem(what: string, mend: string, line: number, column = 1): TroubleError {
  return new TroubleError({ what, mend, line, column });
}
