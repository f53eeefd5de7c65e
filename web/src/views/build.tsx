/** Build: layers at a click, or the worksheet's own text with its equations and questions. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Choice, Layer } from "../state/backend";
import type { Session } from "../state/session";
import type { Trouble } from "../state/types";
import { Drawing } from "./drawing";
import { NumberField } from "./field";

const MOST_LAYERS = 12;
const START: Layer[] = [{ width: 2 }, { width: 3, activation: "tanh" }, { width: 1, activation: "sigmoid" }];

export function BuildTab({ session }: { session: Session }) {
  const net = session.net.value;
  return (
    <div class="build">
      <section aria-labelledby="layers-title">
        <h2 id="layers-title">Layers</h2>
        <Layers session={session} />
        {net && <Drawing session={session} net={net} lighted={false} />}
      </section>
      <section aria-labelledby="source-title">
        <h2 id="source-title">Worksheet</h2>
        <Source key={session.sheet.value?.text} session={session} />
      </section>
    </div>
  );
}

/** The layers of the network that is shown, as far as they can be told from its drawing. */
function layersOf(session: Session): Layer[] {
  const columns = session.net.value?.program.picture.columns ?? [];
  if (columns.length < 2) return START;
  return columns.map(({ size, units, function: activation }, at) => {
    const width = size - units.filter((unit) => unit.bias).length;
    return at === 0 ? { width } : { width, activation: activation || "identity" };
  });
}

function lossOf(session: Session): string {
  return session.sheet.value?.loss ?? "squared_error";
}

function Layers({ session }: { session: Session }) {
  const [layers, setLayers] = useState(() => layersOf(session));
  useEffect(() => setLayers(layersOf(session)), [session.sheet.value]);
  const [loss, setLoss] = useState(() => lossOf(session));
  useEffect(() => setLoss(lossOf(session)), [session.sheet.value]);
  const [choices, setChoices] = useState<{ activations: Choice[]; losses: Choice[] } | null>(null);
  const { network, functions } = session.backend;
  useEffect(() => {
    void session.attempt(async () => functions && setChoices(await functions()));
  }, [functions]);
  if (!network || !functions) return <p class="hint">Building needs `backhand serve`.</p>;
  const build = (next: Layer[], by: string = loss) => {
    setLayers(next);
    setLoss(by);
    void session.attempt(async () => {
      const made = await network(next, by, Math.floor(Math.random() * 1e6));
      session.replace(made);
      session.built.value = made;
    });
  };
  const own = session.built.value !== session.sheet.value;
  const change = (at: number, layer: Layer) => build(layers.map((each, n) => (n === at ? layer : each)));
  const add = () => build([...layers.slice(0, -1), { width: 3, activation: "relu" }, ...layers.slice(-1)]);
  return (
    <div>
      {own && <p class="hint">A change here writes a new worksheet, with questions of its own, in place of this one. Undo brings this one back.</p>}
      <ol class="layers">
        {layers.map((layer, at) => (
          <LayerRow
            key={at}
            layer={layer}
            name={at === 0 ? "Inputs" : at === layers.length - 1 ? "Outputs" : `Hidden layer ${at}`}
            activations={choices?.activations ?? []}
            change={(next) => change(at, next)}
            {...(at > 0 && at < layers.length - 1 ? { remove: () => build(layers.filter((_, n) => n !== at)) } : {})}
          />
        ))}
      </ol>
      <div class="bar">
        <button type="button" disabled={layers.length >= MOST_LAYERS} onClick={add}>
          Add a layer
        </button>
        <label>
          Loss{" "}
          <select value={loss} onChange={(e) => build(layers, e.currentTarget.value)}>
            {(choices?.losses ?? [{ name: loss }]).map(({ name }) => (
              <option key={name} value={name}>
                {name.replaceAll("_", " ")}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => build(layers)}>
          Other weights
        </button>
        <button type="button" disabled={session.before.value.length === 0} onClick={() => session.back()}>
          Undo
        </button>
      </div>
    </div>
  );
}

interface RowProps {
  layer: Layer;
  name: string;
  activations: Choice[];
  change: (layer: Layer) => void;
  remove?: () => void;
}

function LayerRow({ layer, name, activations, change, remove }: RowProps) {
  const { width, activation } = layer;
  const widen = (to: number) => {
    if (Number.isInteger(to) && to >= 1 && to <= 1000 && to !== width) change({ ...layer, width: to });
  };
  return (
    <li>
      <span class="name">{name}</span>
      <button type="button" aria-label={`One unit fewer: ${name}`} disabled={width <= 1} onClick={() => widen(width - 1)}>
        −
      </button>
      <NumberField label={`Units: ${name}`} value={width} onChange={widen} />
      <button type="button" aria-label={`One unit more: ${name}`} onClick={() => widen(width + 1)}>
        +
      </button>
      {activation !== undefined && (
        <select aria-label={`Activation: ${name}`} value={activation} onChange={(e) => change({ ...layer, activation: e.currentTarget.value })}>
          {!activations.some((each) => each.name === activation) && <option>{activation}</option>}
          {activations.map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
      )}
      {remove && (
        <button type="button" aria-label={`Remove: ${name}`} onClick={remove}>
          Remove
        </button>
      )}
    </li>
  );
}

/** The worksheet's text; an error puts the cursor at its place. */
function Source({ session }: { session: Session }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(session.sheet.value?.text ?? "");
  const { read } = session.backend;
  const changed = text !== session.sheet.value?.text;
  const apply = async () => {
    if (!read) return;
    await session.attempt(async () => session.replace(await read(text)));
    const trouble = session.trouble.value;
    if (trouble && area.current) jump(area.current, trouble);
  };
  return (
    <div class="source">
      <label class="unseen" for="source">
        The worksheet in Markdown
      </label>
      <textarea
        id="source"
        ref={area}
        value={text}
        readOnly={!read}
        spellcheck={false}
        rows={28}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void apply();
        }}
      />
      <div class="bar">
        <button type="button" class="main" disabled={!read || !changed} onClick={() => void apply()}>
          Read it
        </button>
        <small>Ctrl+Enter does the same. Equations stand between $$ and $$, as in “a = W_1 x”.</small>
      </div>
    </div>
  );
}

/** Put the cursor where the trouble is. */
function jump(area: HTMLTextAreaElement, { line, column }: Trouble): void {
  if (line === null) return;
  const before = area.value.split("\n").slice(0, line - 1);
  const start = before.reduce((sum, each) => sum + each.length + 1, 0) + (column ?? 1) - 1;
  area.focus();
  area.setSelectionRange(start, start + 1);
  area.scrollTop = Math.max(0, (line - 6) * (area.scrollHeight / Math.max(1, area.value.split("\n").length)));
}
