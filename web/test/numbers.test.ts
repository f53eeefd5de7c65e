import { describe, expect, it } from "vitest";
import { nearness, numeral } from "../src/math/near";
import { arrayMath, digits, editable, numberMath, plain, typed } from "../src/math/numbers";
import shown from "./shown.json";
import near from "./near.json";

describe("a number that is shown", () => {
  it.each(shown as [number, string][])("%d as Backhand writes it: %s", (value, text) => {
    expect(digits(value)).toBe(text);
    expect(digits(-value)).toBe(value === 0 ? "0" : `−${text}`);
  });

  it("has words or signs where it isn't finite", () => {
    expect([NaN, Infinity, -Infinity].map(digits)).toEqual(["undefined", "∞", "−∞"]);
  });

  it("has its power of ten raised in a line of text", () => {
    expect(plain(-1.5e-7)).toBe("−1.5×10⁻⁷");
    expect(plain(2.5e12)).toBe("2.5×10¹²");
  });

  it("has brackets behind a sign, where it is negative", () => {
    expect(numberMath(-2, false)).not.toContain("(");
    expect(numberMath(-2, true)).toContain("(");
    expect(numberMath(2, true)).toBe("<mn>2</mn>");
  });

  it("keeps its place in a matrix that is transposed or cut", () => {
    const entries = (math: string) => [...math.matchAll(/<mn>(\d+)<\/mn>/g)].map(([, text]) => Number(text));
    expect(entries(arrayMath([1, 2, 3, 4, 5, 6], [2, 3], false))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(entries(arrayMath([1, 2, 3, 4, 5, 6], [2, 3], true))).toEqual([1, 4, 2, 5, 3, 6]);
    const long = Array.from({ length: 20 }, (_, n) => n);
    expect(entries(arrayMath(long, [20], false))).toEqual([0, 1, 2, 3, 4, 19]);
  });
});

describe("a number that is typed", () => {
  it.each([
    ["2", 2], ["-0.5", -0.5], ["−0,5", -0.5], [" 1/4 ", 0.25], ["-3/2", -1.5], ["1e-3", 1e-3], [".5", 0.5], ["2.", 2], ["+7", 7],
  ])("%s", (text, value) => expect(typed(text)).toBe(value));

  it.each(["", "-", "1/", "1/0", "1e", "two", "1 2", "0x10", "Infinity", "NaN", "1e999", "1.2.3"])("isn't one yet: %s", (text) =>
    expect(typed(text)).toBeNull(),
  );

  it("comes back from its field as it was", () => {
    for (const value of [0, 3, -0.25, 0.1 + 0.2, 1e-7, -12345.678, 1e21]) {
      expect(typed(editable(value))).toBeCloseTo(value, 9);
    }
  });
});

describe("a number that is typed for another", () => {
  it.each(near as [string, number, boolean, number, string][])("%s for %d, which ends: %s, to %d digits: %s", (text, value, ends, least, how) => {
    const typed = numeral(text);
    expect(typed && nearness(typed, { value, ends }, least)).toBe(how);
  });
});
