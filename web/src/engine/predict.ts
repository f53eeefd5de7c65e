// What a net says of many points at once: for the decision boundary.

import type { Net, Tape } from "./net";

interface Predictor {
  readonly tape: Tape;
  readonly inputs: readonly { readonly start: number; readonly size: number }[];
}

const PREDICTORS = new WeakMap<Net, Map<string, Predictor>>();

/**
 * The quantity `name` at each point, with the net's parameters as they are. A point's numbers are
 * those of the data that the quantity depends on, one quantity after the other; so are the result's.
 */
export function predict(net: Net, name: string, inputs: Float64Array): Float64Array {
  const { tape, inputs: feeds } = predictor(net, name);
  const { start, size } = net.layout.place(name);
  const width = feeds.reduce((sum, feed) => sum + feed.size, 0);
  const count = width === 0 ? 0 : Math.floor(inputs.length / width);
  const { memory } = tape;
  memory.set(net.numbers);
  const found = new Float64Array(count * size);
  let from = 0;
  for (let point = 0; point < count; point++) {
    for (const feed of feeds) {
      for (let at = 0; at < feed.size; at++) memory[feed.start + at] = inputs[from++]!;
    }
    tape.run();
    for (let at = 0; at < size; at++) found[point * size + at] = memory[start + at]!;
  }
  return found;
}

function predictor(net: Net, name: string): Predictor {
  const held = PREDICTORS.get(net) ?? new Map<string, Predictor>();
  PREDICTORS.set(net, held);
  const found = held.get(name);
  if (found) return found;
  const needed = net.needed([name]);
  const made = {
    tape: net.tapeFor(needed),
    inputs: needed.filter((q) => q.role === "data").map((q) => net.layout.place(q.name)),
  };
  held.set(name, made);
  return made;
}
