/** The loss over the steps, and what a model says in the plane of its two inputs. */

import { useEffect, useRef } from "preact/hooks";
import type { Net } from "../engine/net";
import { plain } from "../math/numbers";
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
          {plain(Number((10 ** power).toPrecision(2)))}
        </text>
      ))}
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

const GRID = 64;

interface BoundaryProps {
  title: string;
  net: Net;
  points: Points;
  /** The share of points whose class the model names. */
  right: number | null;
  now: number;
}

/** The plane coloured by what the model says, with the points on it. */
export function Boundary({ title, net, points, right, now }: BoundaryProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) paint(context, net, points);
  }, [net, points, now]);
  return (
    <figure class="boundary">
      <canvas ref={canvas} width={256} height={256} role="img" aria-label={`What ${title.toLowerCase()} says in the plane of the inputs`} />
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
  const most = Math.max(1, ...points.targets);
  const least = Math.min(0, ...points.targets);
  const { width, height } = context.canvas;
  said(net, grid).forEach((value, n) => {
    context.fillStyle = colour((value - least) / (most - least), 0.5);
    const [x, y] = [(n % GRID) * (width / GRID), Math.floor(n / GRID) * (height / GRID)];
    context.fillRect(Math.floor(x), Math.floor(y), Math.ceil(width / GRID), Math.ceil(height / GRID));
  });
  points.inputs.forEach(([x = 0, y = 0], n) => {
    context.beginPath();
    const [px, py] = [(x - across.low) / (across.high - across.low), (up.high - y) / (up.high - up.low)];
    context.arc(px * width, py * height, 3.2, 0, 2 * Math.PI);
    context.fillStyle = colour(((points.targets[n] ?? 0) - least) / (most - least), 1);
    context.fill();
    context.strokeStyle = "#fff";
    context.stroke();
  });
}

/** From orange at 0 to blue at 1, the colours of negative and positive weights. */
function colour(share: number, strength: number): string {
  const s = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0.5));
  const far = Math.abs(s - 0.5) * 2;
  const towards = s < 0.5 ? [196, 94, 48] : [46, 94, 160];
  const part = towards.map((c) => Math.round(c + (1 - (0.25 + 0.75 * far) * (strength === 1 ? 1 : 0.8)) * (245 - c)));
  return `rgb(${part.join(",")})`;
}
