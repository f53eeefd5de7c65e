/** Network: the drawing, the working beside it (below it where it's narrow), every number. */

import type { Session } from "../state/session";
import { Drawing } from "./drawing";
import { Values } from "./values";
import { WorkingPanel } from "./working";

export function NetworkTab({ session }: { session: Session }) {
  const net = session.net.value;
  if (net === null) return <p class="hint">This worksheet has no network to show.</p>;
  return (
    <div class="network">
      <section aria-labelledby="drawing-title">
        <h2 id="drawing-title" class="unseen">
          Drawing
        </h2>
        <Drawing session={session} net={net} lighted />
      </section>
      <WorkingPanel session={session} net={net} />
      <Values session={session} net={net} />
    </div>
  );
}
