/** Where units and wires stand: columns from left to right, the objective at the end. */

import type { Edge, Program, Unit } from "../engine/program";
import { size } from "../state/session";
import type { Spot } from "../state/types";

export interface Placed {
  unit: Unit;
  x: number;
  y: number;
}

export interface Wire {
  edge: Edge;
  start: Placed;
  end: Placed;
  /** Where its weight stands, from 0 at its start to 1 at its end; null: there is no room for it. */
  label: number | null;
}

const HALF = 44;
const HALF_BIAS = 21;

/** A point of a wire, from 0 where it leaves its unit to 1 where it meets the next. */
export function along({ start, end }: Omit<Wire, "label">, share: number): { x: number; y: number } {
  const from = start.x + (start.unit.bias ? HALF_BIAS : HALF);
  const to = end.x - HALF;
  return { x: from + share * (to - from), y: start.y + share * (end.y - start.y) };
}

export interface Column {
  x: number;
  title: string;
  function: string;
  /** The true number of units where some are left out, else 0. */
  of: number;
}

export interface Drawing {
  /** By how much it is made smaller to fit, at most. */
  scale: number;
  /** Whether its weights stand on its wires. */
  labelled: boolean;
  width: number;
  height: number;
  columns: Column[];
  units: Placed[];
  wires: Wire[];
}

const TOP = 56;
const DOWN = 88;
/** The same in a tall drawing without weights. */
const DOWN_TIGHT = 66;
const TALL = 6;
const LINE = 25;
const MOST_TARGETS = 10;
/** With more wires than these from one unit, or in all, weights are left to the tables. */
const MOST_FAN = 5;
const MOST_LABELS = 60;
/** From one column to the next: without weights between them, and with some. */
const LEAST_ACROSS = 148;
const LEAST_LABELLED = 196;
/** A weight's middle keeps this far from the unit where its wire begins. */
const LABEL = 34;
const SIDE = 64;
/** Smaller than this it isn't read well. */
const LEAST_SCALE = 0.8;

/** The drawing in a box of this width; where columns would touch it shrinks a little, then grows wider. */
export function placed(program: Program, box: number): Drawing {
  const picture = withObjective(program);
  const count = picture.columns.length;
  const fans = new Map<string, number>();
  for (const edge of picture.edges) {
    if (edge.weight) fans.set(edge.start, (fans.get(edge.start) ?? 0) + 1);
  }
  const fan = Math.max(0, ...fans.values());
  const labelled = fan > 0 && fan <= MOST_FAN && picture.edges.length <= MOST_LABELS;
  // Labels a share 1/(fan + 1) along their wires keep apart from one another, whatever crosses.
  const tallest = Math.max(1, ...picture.columns.map((column) => column.units.length));
  const down = labelled ? Math.max(DOWN, LINE * (fan + 1)) : tallest > TALL ? DOWN_TIGHT : DOWN;
  const least = picture.columns.slice(0, -1).map((column) => {
    const own = labelled ? Math.max(0, ...column.units.map(({ id }) => fans.get(id) ?? 0)) : 0;
    return own > 0 ? Math.max(LEAST_LABELLED, 2 * HALF + LABEL * (own + 1)) : LEAST_ACROSS;
  });
  const needed = 2 * SIDE + sum(least);
  const scale = Math.min(1, Math.max(LEAST_SCALE, box / needed));
  const room = box / scale;
  const spare = Math.max(0, room - needed) / Math.max(1, least.length);
  const height = TOP + tallest * down;
  const units: Placed[] = [];
  const columns = picture.columns.map((column, at) => {
    const x = count > 1 ? SIDE + sum(least.slice(0, at)) + at * spare : room / 2;
    const first = TOP + ((tallest - column.units.length) * down) / 2 + down / 2;
    column.units.forEach((unit, n) => units.push({ unit, x, y: first + n * down }));
    const drawn = column.units.filter((unit) => !unit.bias).length;
    const true_ = column.size - column.units.filter((unit) => unit.bias).length;
    return { x, title: column.title, function: column.function, of: true_ > drawn ? true_ : 0 };
  });
  const byId = new Map(units.map((each) => [each.unit.id, each]));
  const wires = picture.edges.flatMap((edge) => {
    const [start, end] = [byId.get(edge.start), byId.get(edge.end)];
    const label = labelled && edge.weight ? 1 / ((fans.get(edge.start) ?? 1) + 1) : null;
    return start && end ? [{ edge, start, end, label: label && Math.min(label, 0.3) }] : [];
  });
  return { scale, labelled, width: Math.max(room, needed), height, columns, units, wires };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** The picture with the objective and the targets in a column of their own. */
function withObjective(program: Program): Program["picture"] {
  const { columns, edges } = program.picture;
  const name = program.objective;
  const drawn = (quantity: string) =>
    columns.some((c) => c.units.some((u) => u.shown?.[0] === quantity || u.inner?.[0] === quantity));
  if (name === null || drawn(name) || columns.length === 0) return { columns, edges };
  const unitsOf = (role: string) =>
    program.quantities
      .filter((q) => q.role === role && !drawn(q.name))
      .flatMap((q) => {
        const count = size(q);
        return Array.from({ length: Math.min(count, MOST_TARGETS) }, (_, flat) => unit(q, flat, count));
      });
  const last = columns[columns.length - 1];
  const objective = unitsOf("objective");
  const outputs = last?.units.filter((u) => !u.bias) ?? [];
  const toObjective = objective.flatMap((end) =>
    outputs.map((start) => ({ start: start.id, end: end.id, weight: null })),
  );
  const units = [...objective, ...unitsOf("target")];
  return {
    columns: [...columns, { title: units.length > objective.length ? "Objective, target" : "Objective", function: "", size: units.length, units }],
    edges: [...edges, ...toObjective],
  };
}

function unit(quantity: Program["quantities"][number], flat: number, count: number): Unit {
  const spot: Spot = [quantity.name, flat];
  // A vector is bold, its entries aren't.
  const text = count > 1 ? `${quantity.text.normalize("NFKC")}${subscript(flat + 1)}` : quantity.text;
  const bare = quantity.math.replace(/^<math[^>]*>|<\/math>$/g, "").normalize("NFKC");
  const label = count > 1 ? `<math><msub>${bare}<mn>${flat + 1}</mn></msub></math>` : quantity.math;
  return { id: `${quantity.name} ${flat}`, label, text, bias: false, shown: spot, inner: null };
}

function subscript(number: number): string {
  return [...String(number)].map((c) => "₀₁₂₃₄₅₆₇₈₉"[Number(c)]).join("");
}

export function same(a: Spot | null | undefined, b: Spot | null | undefined): boolean {
  return !!a && !!b && a[0] === b[0] && a[1] === b[1];
}
