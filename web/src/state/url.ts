/** The whole state in the address: what is shared is the link, and nothing is kept elsewhere. */

import { effect } from "@preact/signals";
import { TABS, type Saved, type Session } from "./session";
import type { Values } from "./backend";

const LONGEST = 60_000;
const WAIT = 400;

/** The state as a fragment: JSON, deflated, in the letters that an address may have. */
export async function fragment(session: Session): Promise<string> {
  const sheet = session.sheet.value;
  if (sheet === null) return "";
  const saved: Saved = {
    text: sheet.text,
    values: session.values(),
    tab: session.tab.value,
    topic: session.topic.value,
    layout: session.layout.value,
  };
  const packed = await through(new TextEncoder().encode(JSON.stringify(saved)), new CompressionStream("deflate-raw"));
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return "#" + letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** What a fragment holds; null where it holds nothing that can be read. */
export async function saved(hash: string): Promise<Saved | null> {
  if (hash.length < 8) return null;
  try {
    const letters = atob(hash.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const bytes = await through(packed, new DecompressionStream("deflate-raw"));
    return checked(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

function checked(found: Partial<Saved>): Saved | null {
  if (typeof found.text !== "string") return null;
  const values: Values = {};
  for (const [name, numbers] of Object.entries(found.values ?? {})) {
    if (Array.isArray(numbers) && numbers.every((n) => typeof n === "number")) values[name] = numbers;
  }
  const { topic } = found;
  const entry = topic?.kind === "entry" && typeof topic.spot?.[0] === "string" && Number.isInteger(topic.spot[1]);
  return {
    text: found.text,
    values,
    tab: TABS.find((tab) => tab === found.tab) ?? "network",
    topic: entry || topic?.kind === "backward" ? topic : { kind: "forward" },
    layout: found.layout === "denominator" ? "denominator" : "numerator",
  };
}

/** Keep the address true to the state; `LONGEST` is as much as programs pass on. */
export function follow(session: Session): () => void {
  let timer = 0;
  return effect(() => {
    void [session.sheet.value, session.now.value, session.tab.value, session.topic.value, session.layout.value];
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const found = await fragment(session);
      if (found && found.length < LONGEST) history.replaceState(null, "", found);
    }, WAIT);
  });
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const passed = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(passed).arrayBuffer());
}
