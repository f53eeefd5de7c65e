/** The loss over the steps, and what a model says in the plane of its two inputs. */

import { useEffect, useRef } from "preact/hooks";
import type { Net } from "../engine/net";
import { plain, raised } from "../math/numbers";
import type { Points } from "../state/backend";
import { said, type Contender, type History } from "../state/training";

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 64;
const BOTTOM = 26;

/** The losses of all models over the steps, on a logarithmic scale. */
export function LossCurve({ contenders, now }: { contenders: Contender[]; now: number }) {
  void now;
  const losses = contenders.flatMap(({ history }) => history.losses).filter((l) => Number.isFinite(l) && l > 0);
  const last = Math.max(1, ...contenders.map(({ history }) => history.steps.at(-1) ?? 0));
  const low = Math.log10(Math.max(1e-12, Math.min(...losses, 1)));
  const high = Math.max(low + 0.1, Math.log10(Math.max(...losses, 1e-12)));
  const x = (step: number) => LEFT + (step / last) * (WIDTH - LEFT - 8);
  const y = (loss: number) => 8 + ((high - Math.log10(Math.max(loss, 1e-12))) / (high - low)) * (HEIGHT - BOTTOM - 8);
  const curve = ({ steps, losses }: History) =>
    steps
      .map((step, at) => ({ step, loss: losses[at] ?? NaN }))
      .filter(({ loss }) => Number.isFinite(loss))
      .map(({ step, loss }) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`)
      .join(" ");
  const summary = contenders.map((c) => `${c.title} ${plain(c.history.losses.at(-1) ?? NaN)}`).join(", ");
  return (
    <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Mean loss after ${last} steps: ${summary}`}>
      <line class="axis" x1={LEFT} y1={HEIGHT - BOTTOM} x2={WIDTH - 8} y2={HEIGHT - BOTTOM} />
      <line class="axis" x1={LEFT} y1={8} x2={LEFT} y2={HEIGHT - BOTTOM} />
      {[high, (high + low) / 2, low].map((power, n) => (
        <text key={n} class="tick" x={LEFT - 6} y={y(10 ** power) + 4} text-anchor="end">
          {tick(10 ** power)}
        </text>
      ))}
      <text class="tick" x={WIDTH - 8} y={18} text-anchor="end">
        {last > 1 || contenders.some(({ history }) => history.steps.length > 1) ? "mean loss" : "mean loss: take a step, or run"}
      </text>
      <text class="tick" x={LEFT} y={HEIGHT - 8}>0</text>
      <text class="tick" x={WIDTH - 8} y={HEIGHT - 8} text-anchor="end">
        {last.toLocaleString("en")} {last === 1 ? "step" : "steps"}
      </text>
      {contenders.map(({ title, history }, n) => (
        <polyline key={title} class={`line line-${n}`} points={curve(history)} />
      ))}
    </svg>
  );
}

/** A number at an axis, to two digits. */
function tick(value: number): string {
  const [mantissa, power = "0"] = value.toExponential(1).split("e");
  const far = Number(power) > 4 || Number(power) < -4;
  return far ? `${Number(mantissa)}×10${raised(power.replace("+", ""))}` : plain(Number(value.toPrecision(2)));
}

const GRID = 64;

interface BoundaryProps {
  title: string;
  net: Net;
  points: Points;
  /** The share of points whose class the model names. */
  right: number | null;
  now: number;
}

/** What the model says: the plane of two inputs coloured by it, or its line over one input; with the points. */
export function Boundary({ title, net, points, right, now }: BoundaryProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) (points.inputs[0]?.length === 1 ? paintLine : paint)(context, net, points);
  }, [net, points, now]);
  return (
    <figure class="boundary">
      <canvas ref={canvas} width={256} height={256} role="img" aria-label={`What ${title.toLowerCase()} says of every input`} />
      <figcaption>
        {title}
        {right !== null && <small> {Math.round(right * 100)} % right</small>}
      </figcaption>
    </figure>
  );
}

/** The share of points whose class the model names; null where there are none. */
export function agreement(net: Net, points: Points): number | null {
  if (points.classes === 0) return null;
  const found = said(net, Float64Array.from(points.inputs.flat()));
  const most = Math.max(...points.targets);
  // A number beyond the classes, as a line may give it, means the outermost class.
  const named = (value: number) => Math.min(most, Math.max(0, Math.round(value)));
  const hits = points.targets.filter((target, n) => named(found[n] ?? NaN) === target);
  return hits.length / points.targets.length;
}

interface Span {
  low: number;
  high: number;
}

function span(numbers: number[]): Span {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const margin = 0.12 * (high - low || 1);
  return { low: low - margin, high: high + margin };
}

function paint(context: CanvasRenderingContext2D, net: Net, points: Points): void {
  const [across, up] = [span(points.inputs.map((p) => p[0] ?? 0)), span(points.inputs.map((p) => p[1] ?? 0))];
  const at = ({ low, high }: Span, share: number) => low + share * (high - low);
  const grid = new Float64Array(2 * GRID * GRID);
  for (let n = 0; n < GRID * GRID; n++) {
    grid[2 * n] = at(across, ((n % GRID) + 0.5) / GRID);
    grid[2 * n + 1] = at(up, 1 - (Math.floor(n / GRID) + 0.5) / GRID);
  }
  const coloured = colours(points);
  const { width, height } = context.canvas;
  said(net, grid).forEach((value, n) => {
    context.fillStyle = coloured(value, 0.8);
    const [x, y] = [(n % GRID) * (width / GRID), Math.floor(n / GRID) * (height / GRID)];
    context.fillRect(Math.floor(x), Math.floor(y), Math.ceil(width / GRID), Math.ceil(height / GRID));
  });
  points.inputs.forEach(([x = 0, y = 0], n) => {
    const [px, py] = [(x - across.low) / (across.high - across.low), (up.high - y) / (up.high - up.low)];
    dot(context, px * width, py * height, coloured(points.targets[n] ?? 0, 1));
  });
}

function paintLine(context: CanvasRenderingContext2D, net: Net, points: Points): void {
  const { width, height } = context.canvas;
  const inputs = points.inputs.map(([x = 0]) => x);
  const [across, up] = [span(inputs), span(points.targets)];
  const x = (value: number) => ((value - across.low) / (across.high - across.low)) * width;
  const y = (value: number) => ((up.high - value) / (up.high - up.low)) * height;
  context.fillStyle = rgb([255, 255, 255]);
  context.fillRect(0, 0, width, height);
  points.targets.forEach((target, n) => dot(context, x(inputs[n] ?? 0), y(target), rgb(ORANGE)));
  const grid = Float64Array.from({ length: width + 1 }, (_, n) => across.low + (n / width) * (across.high - across.low));
  context.beginPath();
  said(net, grid).forEach((value, n) => context.lineTo(n, y(value)));
  context.strokeStyle = rgb(BLUE);
  context.lineWidth = 2.5;
  context.stroke();
  context.lineWidth = 1;
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, fill: string): void {
  context.beginPath();
  context.arc(x, y, 3.2, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = "#fff";
  context.stroke();
}

type Colour = readonly [red: number, green: number, blue: number];

/** The colours of negative and positive weights, and others for further classes. */
const ORANGE: Colour = [196, 94, 48];
const BLUE: Colour = [46, 94, 160];
const CLASSES: readonly Colour[] = [ORANGE, BLUE, [45, 125, 70], [130, 80, 160], [190, 150, 30], [20, 140, 150], [190, 70, 120], [110, 110, 110], [110, 80, 50], [90, 160, 40]];

/** The colour of a number or a class, with a strength from 0 to 1: from orange to blue, or one for each class. */
function colours({ targets, classes }: Points): (value: number, strength: number) => string {
  if (classes > 2) return (value, strength) => rgb(CLASSES[Math.max(0, Math.round(value)) % CLASSES.length] ?? ORANGE, strength);
  const [least, most] = [Math.min(0, ...targets), Math.max(1, ...targets)];
  return (value, strength) => {
    const share = Math.min(1, Math.max(0, (value - least) / (most - least)));
    const far = Number.isNaN(share) ? 0 : Math.abs(share - 0.5) * 2;
    return rgb(share < 0.5 ? ORANGE : BLUE, (0.25 + 0.75 * far) * strength);
  };
}

function rgb(colour: Colour, strength = 1): string {
  return `rgb(${colour.map((part) => Math.round(part + (1 - strength) * (245 - part))).join(",")})`;
}
