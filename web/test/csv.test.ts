import { describe, expect, it } from "vitest";
import { TroubleError } from "../src/state/backend";
import { table } from "../src/state/csv";

describe("a table", () => {
  it("has a header or none, and the target last", () => {
    expect(table("height,age,ill\n1.5,20,0\n1.8,30,1\n")).toEqual({
      inputs: [[1.5, 20], [1.8, 30]],
      targets: [0, 1],
      names: ["height", "age", "ill"],
      classes: 2,
    });
    expect(table("1,2,3.5").names).toEqual(["x1", "x2", "target"]);
  });

  it.each([["1;2;0\n3;4;1"], ["1\t2\t0\n3\t4\t1"], ["\uFEFF1,2,0\r\n\r\n3,4,1\r\n"], ['"1","2","0"\n"3","4","1"']])("reads %j", (text) => {
    expect(table(text)).toMatchObject({ inputs: [[1, 2], [3, 4]], targets: [0, 1], classes: 2 });
  });

  it("takes decimal commas where semicolons part the cells", () => {
    expect(table("0,5;1,25;2").inputs).toEqual([[0.5, 1.25]]);
  });

  it("numbers words as classes by the alphabet", () => {
    expect(table("x,kind\n1,oak\n2,ash\n3,oak\n")).toMatchObject({ targets: [1, 0, 1], classes: 2 });
  });

  it("takes targets for numbers unless they count classes", () => {
    expect(table("1,0\n2,2").classes).toBe(0);
    expect(table("1,0.5\n2,1").classes).toBe(0);
    expect(table("1,-1\n2,1").classes).toBe(0);
    expect(table("1,0\n2,1\n3,2").classes).toBe(3);
  });

  it.each([
    ["", 1, 1, "the table is empty"],
    ["x,y\n", 1, 1, "there is a header and no point"],
    ["1\n2\n", 1, 1, "there is one column only"],
    ["a,b,y\n1,2,0\n\n1,0\n", 4, 1, "2 cells, where others have 3"],
    ["a,b,y\n1,2,0\n1,what,0\n", 3, 2, "what is no number"],
    ["a,b,y\n,2,0\n", 2, 1, "nothing is no number"],
  ])("that is wrong says where: %j", (text, line, column, what) => {
    try {
      table(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TroubleError);
      expect((error as TroubleError).trouble).toMatchObject({ line, column, what });
    }
  });

  it("keeps to a bearable length", () => {
    expect(() => table("1,0\n".repeat(20_001))).toThrow("20001 points");
  });
});
