/** A number that can be changed in place. */

import { useEffect, useRef, useState } from "preact/hooks";
import { digits, editable, typed } from "../math/numbers";

interface Props {
  label: string;
  value: number;
  onChange: (value: number) => void;
  onFocus?: () => void;
  class?: string;
}

/** What has the focus in the page, or the shadow root, that an element is in. */
function focused(element: HTMLElement | null): Element | null {
  const root = element?.getRootNode();
  return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
}

/** Takes effect with every key that leaves a number; arrows step by 1, with Shift by a tenth. */
export function NumberField({ label, value, onChange, onFocus, class: name = "" }: Props) {
  const [text, setText] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Another hand changed the number while this field holds half a number or an old one.
    if (text !== null && typed(text) !== value && focused(field.current) !== field.current) setText(null);
  }, [value]);
  const none = Number.isNaN(value);
  const wrong = text !== null && typed(text) === null && !(none && text === "");
  const change = (next: string) => {
    setText(next);
    const number = typed(next);
    if (number !== null) onChange(number);
  };
  const step = (event: KeyboardEvent) => {
    if (event.key === "Enter") field.current?.blur();
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const by = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 0.1 : 1);
    change(editable((Number.isNaN(value) ? 0 : value) + by));
  };
  const shown = text ?? (none ? "" : digits(value));
  return (
    <input
      ref={field}
      class={`number ${shown.length > 7 ? "full" : ""} ${name}`}
      type="text"
      inputMode="decimal"
      autocomplete="off"
      spellcheck={false}
      aria-label={label}
      aria-invalid={wrong}
      title={wrong ? "Write a number: 2, −0.5 or 1/3" : label}
      placeholder={none ? "?" : undefined}
      value={shown}
      style={{ width: `calc(${Math.min(Math.max(shown.length, 1), 10)}ch + .7rem)` }}
      onInput={(event) => change(event.currentTarget.value)}
      onFocus={({ currentTarget: input }) => {
        // At once, and selected as it was: what is typed next would stand behind the old number.
        const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
        input.value = editable(value);
        if (whole) input.select();
        setText(input.value);
        onFocus?.();
      }}
      onBlur={() => setText(null)}
      onKeyDown={step}
    />
  );
}
