import { describe, expect, it } from "vitest";
import type { Session, Tab, Topic } from "../src/state/session";
import { fragment, saved } from "../src/state/url";
import type { Layout } from "../src/state/types";

interface State {
  text: string;
  values: Record<string, number[]>;
  tab: Tab;
  topic: Topic;
  layout: Layout;
}

/** What of a session goes into its address. */
function session({ text, values, tab, topic, layout }: State): Session {
  const state = { sheet: { value: { text } }, values: () => values, tab: { value: tab }, topic: { value: topic }, layout: { value: layout } };
  return state as unknown as Session;
}

const STATE: State = {
  text: "# Σ and 𝜕\n\n$$ x = 3 $$\n" + "long ".repeat(2000),
  values: { x: [-0.1, 1e-300, 12345.678] },
  tab: "train",
  topic: { kind: "entry", spot: ["W_1", 2] },
  layout: "denominator",
};

const letters = (json: unknown) => fragment({ ...session(STATE), sheet: { value: json } } as unknown as Session);

describe("the address", () => {
  it.each<Partial<State>>([{}, { topic: { kind: "backward" } }, { topic: { kind: "forward" }, tab: "build", layout: "numerator" }, { values: {} }])(
    "brings everything back: %j",
    async (change) => {
      const state = { ...STATE, ...change };
      expect(await saved(await fragment(session(state)))).toEqual(state);
    },
  );

  it("holds only letters that an address may have, and fewer than the text", async () => {
    const found = await fragment(session(STATE));
    expect(found).toMatch(/^#[A-Za-z0-9_-]+$/);
    expect(found.length).toBeLessThan(STATE.text.length / 4);
  });

  it.each(["", "#", "#practise", "#not a link at all", "#AAAAAAAAAAAA", "#eJwrSS0uAQAEXQHB"])("that holds nothing is nothing: %j", async (hash) => {
    expect(await saved(hash)).toBeNull();
  });

  it("that was cut off, or holds no text, is nothing", async () => {
    const whole = await fragment(session(STATE));
    expect(await saved(whole.slice(0, -40))).toBeNull();
    expect(await saved(await letters({ text: 5 }))).toBeNull();
  });

  it("of strange parts keeps what is sound", async () => {
    const strange = { tab: "kitchen", topic: { kind: "entry", spot: [3, "W"] }, layout: "sideways", values: { x: [1, "2"], y: [1] } };
    expect(await saved(await fragment(session({ ...STATE, ...strange } as unknown as State)))).toEqual({
      text: STATE.text,
      tab: "network",
      topic: { kind: "forward" },
      layout: "numerator",
      values: { y: [1] },
    });
  });
});
