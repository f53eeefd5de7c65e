import { describe, expect, it } from "vitest";
import type { Edge, Program, Unit } from "../src/engine/program";
import { along, placed } from "../src/views/geometry";

/** A dense network's picture, a bias in every layer but the last. */
function network(widths: readonly number[]): Program {
  const columns = widths.map((width, layer) => {
    const bias = layer < widths.length - 1;
    const units: Unit[] = Array.from({ length: width + Number(bias) }, (_, n) => {
      const isBias = bias && n === 0;
      const shown = isBias ? null : ([`z_${layer}`, n - Number(bias)] as const);
      return { id: `${layer} ${n}`, label: "", text: "", bias: isBias, shown, inner: null };
    });
    return { title: "", function: "", size: units.length, units };
  });
  const edges: Edge[] = columns.slice(1).flatMap(({ units }, layer) =>
    (columns[layer]?.units ?? []).flatMap((start) =>
      units.filter(({ bias }) => !bias).map((end, n) => ({ start: start.id, end: end.id, weight: [`W_${layer}`, n] as const })),
    ),
  );
  const objective = { name: "J", role: "objective", shape: [], lower: [], axes: [], math: "", text: "J", value: null, equation: 0, formula: null } as const;
  return { version: 1, objective: "J", quantities: [objective], expressions: [], updates: [], steady: {}, points: {}, picture: { columns, edges } };
}

const ROOMS = [320, 390, 733, 1400];
const NETWORKS = [[2, 2, 1], [1, 1], [3, 5, 1], [4, 5, 5], [4, 3, 2, 1], [2, 5, 2], [2, 1, 1, 1], [1, 4, 1]];
/** A label is a line high, and by this much wide. */
const [WIDE, HIGH] = [54, 24];

describe.each(NETWORKS.map((widths) => [widths.join("-"), widths] as const))("the drawing of %s", (_, widths) => {
  it.each(ROOMS)("keeps its weights apart, %d wide", (room) => {
    const { wires } = placed(network(widths), room);
    const labels = wires.flatMap((wire) => (wire.label === null ? [] : [along(wire, wire.label)]));
    const weights = widths.slice(1).reduce((sum, width, layer) => sum + width * ((widths[layer] ?? 0) + 1), 0);
    expect(labels).toHaveLength(weights);
    const clashes = labels.filter((a, n) => labels.slice(0, n).some((b) => Math.abs(a.x - b.x) < WIDE && Math.abs(a.y - b.y) < HIGH));
    expect(clashes).toEqual([]);
    const gaps = wires.flatMap((w) => (w.label === null ? [] : [along(w, w.label).x - along(w, 0).x, along(w, 1).x - along(w, w.label).x]));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(WIDE / 2 + 5);
  });

  it.each(ROOMS)("keeps its units apart and inside, %d wide", (room) => {
    const { units, width, height } = placed(network(widths), room);
    for (const [n, a] of units.entries()) {
      expect(a.x - 44).toBeGreaterThanOrEqual(0);
      expect(a.x + 44).toBeLessThanOrEqual(width);
      expect(a.y + 29).toBeLessThanOrEqual(height);
      for (const b of units.slice(0, n)) expect(Math.max(Math.abs(a.x - b.x) - 88, Math.abs(a.y - b.y) - 58)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("a drawing", () => {
  it("of many wires leaves the weights to the tables", () => {
    const { wires } = placed(network([8, 9, 2]), 900);
    expect(wires.every(({ label }) => label === null)).toBe(true);
  });

  it("has the objective in a column of its own, at the end of the outputs", () => {
    const { columns, wires } = placed(network([2, 2, 1]), 900);
    expect(columns).toHaveLength(4);
    expect(wires.filter(({ edge }) => edge.end === "J 0")).toHaveLength(1);
  });
});
