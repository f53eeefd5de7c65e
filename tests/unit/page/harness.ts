// Answers the jobs of engine.py: a program, numbers to set, what to read, how to train.

import { readFileSync, writeSync } from "node:fs";
import { evaluated, Net } from "../../../web/src/engine/net";
import { predict } from "../../../web/src/engine/predict";
import type { Node, Program } from "../../../web/src/engine/program";
import { erf } from "../../../web/src/engine/special";
import { Trainer } from "../../../web/src/engine/train";

interface Training {
  inputs: Record<string, number[]>;
  count: number;
  rate: number;
  batch: number;
  steps: number;
}

interface Job {
  program?: Program;
  set?: Record<string, number[]>;
  expressions?: { nodes: Node[]; wanted: number[] };
  train?: Training;
  predict?: { name: string; inputs: number[] };
  erf?: number[];
}

type Numbers = Record<string, unknown>;

function answer(job: Job): Numbers {
  if (job.erf) return { erf: job.erf.map(erf) };
  const net = new Net(job.program!);
  for (const [name, values] of Object.entries(job.set ?? {})) {
    values.forEach((value, flat) => net.set(name, flat, value));
  }
  net.evaluate();
  const found: Numbers = {};
  if (job.train) {
    const { inputs, count, rate, batch, steps } = job.train;
    const rows = Object.fromEntries(
      Object.entries(inputs).map(([name, numbers]) => [name, Float64Array.from(numbers)]),
    );
    const trainer = new Trainer(net, { inputs: rows, count }, { rate, batch, seed: null });
    found.before = trainer.loss();
    found.mean = trainer.step(steps);
    found.after = trainer.loss();
    net.evaluate();
  }
  found.values = Object.fromEntries(
    net.program.quantities.map(({ name }) => [name, [...net.value(name)]]),
  );
  if (job.expressions) {
    const { nodes, wanted } = job.expressions;
    found.expressions = wanted.map((index) => evaluated(net, nodes, index));
  }
  if (job.predict) {
    const { name, inputs } = job.predict;
    found.predicted = [...predict(net, name, Float64Array.from(inputs))];
  }
  return found;
}

function plain(_: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

const jobs = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Job[];
const text = Buffer.from(JSON.stringify(jobs.map(answer), plain));
for (let at = 0; at < text.length; ) at += writeSync(1, text, at);
