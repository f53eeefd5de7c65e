import { describe, expect, it } from "vitest";
import { judged, type Expected } from "../src/state/judging";
import rows from "./judged.json";

const cases = rows.map(([expected, answer, verdict]) => ({ expected: expected as Expected, answer: String(answer), verdict: String(verdict) }));

describe("an answer in the single file", () => {
  it.each(cases)("$answer ($expected.kind) is judged as Backhand judges it, or not at all", ({ expected, answer, verdict }) => {
    const here = judged(expected, answer).verdict;
    // What is credited for a known slip takes Backhand: here it's wrong.
    const allowed = [verdict, "unreadable", ...(verdict === "partly" ? ["wrong"] : [])];
    expect(allowed).toContain(here);
  });

  it("is judged wherever it is plain", () => {
    const left = cases.filter(({ expected, answer, verdict }) => verdict === "right" && judged(expected, answer).verdict !== "right");
    expect(left.map(({ answer }) => answer)).toEqual([]);
  });

  it.each(["formula", "chain", "drawing", "verdict"])("of the kind %s that it can't know is left to people", (kind) => {
    expect(judged({ kind, digits: 2 }, "x").verdict).toBe("undecided");
  });
});
