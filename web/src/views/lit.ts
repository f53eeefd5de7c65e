/** Which units and wires carry the derivative that is shown, and by which factor. */

import type { Hop, LiveStep, LiveWorking } from "../state/types";
import { same, type Placed, type Wire } from "./geometry";

export interface Lit {
  hops: Hop[];
  /** The entries that the chosen step is about. */
  about: LiveStep["where"];
}

export function lit(working: LiveWorking | null, at: number): Lit {
  return { hops: working?.paths.flat() ?? [], about: working?.steps[at]?.where ?? [] };
}

/** The hop that a wire stands for. */
export function hopOf(wire: Wire, hops: Hop[]): Hop | undefined {
  const { shown, inner } = wire.end.unit;
  const into = inner ?? shown;
  return hops.find(
    (hop) =>
      (same(hop.of, into) || same(hop.of, shown)) &&
      (same(hop.by, wire.edge.weight) || same(hop.by, wire.start.unit.shown)),
  );
}

/** Whether a unit lies on a path; the hop inside it, from its sum to its output, where there is one. */
export function through(placed: Placed, hops: Hop[]): { on: boolean; inside: Hop | undefined } {
  const { shown, inner } = placed.unit;
  const touches = (hop: Hop) => [hop.of, hop.by].some((spot) => same(spot, shown) || same(spot, inner));
  const inside = inner && hops.find((hop) => same(hop.of, shown) && same(hop.by, inner));
  return { on: hops.some(touches), inside: inside || undefined };
}
