/** The network: wires drawn, units and weights as things to read, to choose and to change. */

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Net } from "../engine/net";
import { evaluated } from "../engine/net";
import { plain } from "../math/numbers";
import { Math_ } from "../math/math";
import type { Session } from "../state/session";
import type { Hop, Spot } from "../state/types";
import { NumberField } from "./field";
import { along, placed, same, type Placed, type Wire } from "./geometry";
import { hopOf, lit, through } from "./lit";

/** `lighted`: with the paths of what is worked out. */
export function Drawing({ session, net, lighted }: { session: Session; net: Net; lighted: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box);
  const drawing = useMemo(() => placed(net.program, room), [net, room]);
  session.now.value;
  const working = lighted ? session.working.value : null;
  const light = lit(working, session.at.value);
  const known = session.unknown.value.length === 0;
  const factor = (hop: Hop) => {
    const live = working?.live[hop.live];
    return known && typeof live === "number" && working ? evaluated(net, working.expressions, live) : NaN;
  };
  const dim = light.hops.length > 0;
  const wires = drawing.wires.map((wire) => ({ wire, hop: hopOf(wire, light.hops), key: `${wire.edge.start}>${wire.edge.end}` }));
  return (
    <div class="drawing" ref={box}>
      <div class="canvas" style={{ width: px(drawing.width), height: px(drawing.height), zoom: drawing.scale }}>
        <svg width={drawing.width} height={drawing.height} aria-hidden="true">
          {wires.map(({ wire, hop, key }) => (
            <WireLine key={key} session={session} wire={wire} net={net} hop={hop} dim={dim} />
          ))}
        </svg>
        {drawing.columns.map((column) => (
          <div class="column" style={{ left: px(column.x) }} key={column.x}>
            <Math_ html={column.title} />
            {column.function && <small>{column.function}</small>}
            {column.of > 0 && <small>{column.of} units</small>}
          </div>
        ))}
        {drawing.units.map((each) => (
          <UnitBox key={each.unit.id} session={session} net={net} placed={each} hops={light.hops} about={light.about} factor={factor} />
        ))}
        {wires.map(({ wire, hop, key }) => (
          <WireLabel key={key} session={session} net={net} wire={wire} factor={hop && factor(hop)} />
        ))}
      </div>
      {lighted && !drawing.labelled && wires.some(({ wire }) => wire.edge.weight) && (
        <p class="hint">There are too many weights to write on the wires: choose a wire, or a weight in the tables below.</p>
      )}
    </div>
  );
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(640);
  useLayoutEffect(() => {
    if (!box.current) return;
    const watcher = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  return width;
}

function px(length: number): string {
  return `${length}px`;
}

/** The number of an entry; whoever asks is drawn again with every edit. */
export function numberAt(session: Session, net: Net, spot: Spot): number {
  session.now.value;
  return net.value(spot[0])[spot[1]] ?? NaN;
}

function WireLine({ session, wire, net, hop, dim }: { session: Session; wire: Wire; net: Net; hop: Hop | undefined; dim: boolean }) {
  const weight = wire.edge.weight ? numberAt(session, net, wire.edge.weight) : 0;
  const thickness = 1 + 2.2 * Math.min(1, Math.abs(weight) / 3);
  const kind = hop ? "lit" : dim ? "dim" : weight < 0 ? "minus" : weight > 0 ? "plus" : "";
  const [from, to] = [along(wire, 0), along(wire, 1)];
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  const spot = wire.edge.weight;
  return (
    <g>
      <line class={`wire ${kind}`} {...ends} stroke-width={hop ? 4 : thickness} />
      {/* For a pointer; the same weights are in the tables. */}
      {spot && <line class="grip" {...ends} onClick={() => session.choose({ kind: "entry", spot })} />}
    </g>
  );
}

interface UnitProps {
  session: Session;
  net: Net;
  placed: Placed;
  hops: Hop[];
  about: Spot[];
  factor: (hop: Hop) => number;
}

function UnitBox({ session, net, placed: { unit, x, y }, hops, about, factor }: UnitProps) {
  const { on, inside } = through({ unit, x, y }, hops);
  const topic = session.topic.value;
  const chosen = topic.kind === "entry" && (same(topic.spot, unit.shown) || same(topic.spot, unit.inner));
  const current = about.some((spot) => same(spot, unit.shown) || same(spot, unit.inner));
  const state = [on && "lit", hops.length > 0 && !on && "dim", chosen && "chosen", current && "current", unit.bias && "bias"];
  const kind = state.filter(Boolean).join(" ");
  const place = { left: px(x), top: px(y) };
  if (unit.shown === null) {
    return (
      <div class={`unit ${kind}`} style={place}>
        <Math_ html={unit.label} />
      </div>
    );
  }
  const spot = unit.shown;
  const value = numberAt(session, net, spot);
  const given = session.quantity(spot[0])?.equation === null;
  const choose = () => session.choose({ kind: "entry", spot });
  if (given) {
    return (
      <div class={`unit given ${kind}`} style={place}>
        <Math_ html={unit.label} />
        <NumberField label={unit.text ?? session.entry(spot)} value={value} onChange={(v) => session.edit(...spot, v)} onFocus={choose} />
      </div>
    );
  }
  return (
    <button type="button" class={`unit ${kind}`} style={place} aria-pressed={chosen} onClick={choose}>
      <Math_ html={unit.label} />
      <Short class="value" text={plain(value)} />
      {inside && !Number.isNaN(factor(inside)) && <Short class="slope" text={`× ${plain(factor(inside))}`} />}
    </button>
  );
}

/** A text in a unit, smaller where it wouldn't fit. */
function Short({ class: name, text }: { class: string; text: string }) {
  const fit = text.length > 9 ? "long" : text.length > 7 ? "full" : "";
  return <span class={`${name} ${fit}`.trim()}>{text}</span>;
}

/** Where the chosen weight stands in a drawing that has no room for all. */
const CHOSEN = 0.3;

interface LabelProps {
  session: Session;
  net: Net;
  wire: Wire;
  factor: number | undefined;
}

/** A weight on its wire, to be changed there; on a lit wire the factor that it carries. */
function WireLabel({ session, net, wire, factor }: LabelProps) {
  const { edge } = wire;
  const at = (share: number) => {
    const { x, y } = along(wire, share);
    return { left: px(x), top: px(y) };
  };
  const spot = edge.weight;
  const topic = session.topic.value;
  const chosen = topic.kind === "entry" && same(topic.spot, spot);
  const place = wire.label ?? (chosen ? CHOSEN : null);
  return (
    <>
      {place !== null && spot && (
        <div class={chosen ? "weight chosen" : "weight"} style={at(place)}>
          <NumberField
            label={session.entry(spot)}
            value={numberAt(session, net, spot)}
            onChange={(value) => session.edit(...spot, value)}
            onFocus={() => session.choose({ kind: "entry", spot })}
          />
        </div>
      )}
      {factor !== undefined && !Number.isNaN(factor) && (
        <span class="factor" style={at(spot ? 0.68 : 0.5)}>
          × {plain(factor)}
        </span>
      )}
    </>
  );
}
