/** Every quantity as a table: what is given can be changed, what follows can be chosen. */

import type { Net } from "../engine/net";
import type { Quantity } from "../engine/program";
import { plain } from "../math/numbers";
import { Math_ } from "../math/math";
import { size, type Session } from "../state/session";
import { numberAt } from "./drawing";
import { NumberField } from "./field";
import { same } from "./geometry";

/** A table of more numbers than this is folded. */
const FOLDED = 60;
const MOST = 4096;

export function Values({ session, net }: { session: Session; net: Net }) {
  session.now.value;
  const shown = net.program.quantities.filter((q) => q.role !== "gradient");
  const given = shown.filter((q) => q.equation === null);
  const follow = shown.filter((q) => q.equation !== null);
  return (
    <section class="values" aria-labelledby="values-title">
      <h2 id="values-title">Numbers</h2>
      <div class="tables">
        {[...given, ...follow].map((q) => (
          <Table key={q.name} session={session} net={net} quantity={q} />
        ))}
      </div>
    </section>
  );
}

function Table({ session, net, quantity }: { session: Session; net: Net; quantity: Quantity }) {
  const count = size(quantity);
  const head = <Math_ html={quantity.math} />;
  if (count > MOST) {
    return (
      <div class="quantity">
        {head} <small>{quantity.shape.join(" × ")} numbers: too many to show</small>
      </div>
    );
  }
  const grid = <Grid session={session} net={net} quantity={quantity} />;
  if (count > FOLDED) {
    return (
      <details class="quantity">
        <summary>
          {head} <small>{quantity.shape.join(" × ")}</small>
        </summary>
        {grid}
      </details>
    );
  }
  return (
    <div class="quantity">
      {head}
      {grid}
    </div>
  );
}

function Grid({ session, net, quantity }: { session: Session; net: Net; quantity: Quantity }) {
  const rows = quantity.shape.length ? (quantity.shape[0] ?? 1) : 1;
  const columns = size(quantity) / rows;
  return (
    <table class="matrix" aria-label={quantity.text}>
      <tbody>
        {Array.from({ length: rows }, (_, r) => (
          <tr key={r}>
            {Array.from({ length: columns }, (_, c) => (
              <td key={c}>
                <Cell session={session} net={net} quantity={quantity} flat={r * columns + c} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ session, net, quantity, flat }: { session: Session; net: Net; quantity: Quantity; flat: number }) {
  const spot: [string, number] = [quantity.name, flat];
  const value = numberAt(session, net, spot);
  const choose = () => session.choose({ kind: "entry", spot });
  if (quantity.equation === null) {
    return (
      <NumberField label={session.entry(spot)} value={value} onChange={(v) => session.edit(...spot, v)} onFocus={choose} />
    );
  }
  const topic = session.topic.value;
  return (
    <button
      type="button"
      class="entry"
      aria-label={`${session.entry(spot)} = ${plain(value)}`}
      aria-pressed={topic.kind === "entry" && same(topic.spot, spot)}
      onClick={choose}
    >
      {plain(value)}
    </button>
  );
}
