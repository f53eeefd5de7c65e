/** MathML from Python set into the page, with its holes filled by numbers that follow every edit. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { numberMath } from "./numbers";

/** A formula, or a sentence with formulas. The text comes escaped from Backhand's own writers. */
export function Math_({ html }: { html: string | null }) {
  return <span dangerouslySetInnerHTML={{ __html: html ?? "" }} />;
}

export type Fill = (hole: number) => number | string;

/** A formula with holes: `fill` gives the number of each, or MathML for a whole array. */
export function LiveMath({ html, fill, now }: { html: string; fill: Fill; now: number }) {
  const at = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    for (const hole of at.current?.querySelectorAll<MathMLElement>("[data-live]") ?? []) {
      const found = fill(Number(hole.dataset["live"]));
      const text = typeof found === "string" ? found : numberMath(found, stands(hole));
      if (hole.innerHTML !== text) hole.innerHTML = text;
    }
  }, [html, fill, now]);
  return <span ref={at} dangerouslySetInnerHTML={{ __html: html }} />;
}

/** Whether a negative number needs brackets here: behind anything but an opening or a relation. */
function stands(hole: Element): boolean {
  if (hole.parentElement?.matches("msup")) return hole === hole.parentElement.firstElementChild;
  const before = hole.previousElementSibling;
  if (before === null) return hole.nextElementSibling !== null && hole.nextElementSibling.textContent !== ")" ;
  return !["=", "≈", "(", "[", "|"].includes(before.textContent ?? "");
}

/** A formula made of `math` elements around the given content. */
export function math(content: string, display: "inline" | "block" = "inline"): string {
  return `<math display="${display}">${content}</math>`;
}
