/** The working of what is chosen: formula, numbers put in, result, for every step; all of it live. */

import { useCallback, useEffect, useRef } from "preact/hooks";
import { evaluated, type Net } from "../engine/net";
import { LiveMath, Math_, math } from "../math/math";
import { arrayMath } from "../math/numbers";
import type { Session } from "../state/session";
import type { LiveStep, LiveWorking } from "../state/types";

export function WorkingPanel({ session, net }: { session: Session; net: Net }) {
  const topic = session.topic.value;
  const working = session.working.value;
  return (
    <section class="working" aria-labelledby="working-title">
      <div class="bar">
        <h2 id="working-title">Working</h2>
        <div class="choices" role="group" aria-label="What is worked out">
          <Choice label="Forward" on={topic.kind === "forward"} choose={() => session.choose({ kind: "forward" })} />
          <Choice label="Backward" on={topic.kind === "backward"} choose={() => session.choose({ kind: "backward" })} />
        </div>
        <label class="layout">
          Layout{" "}
          <select value={session.layout.value} onChange={(e) => session.lay(e.currentTarget.value as "numerator")}>
            <option value="numerator">numerator</option>
            <option value="denominator">denominator</option>
          </select>
        </label>
      </div>
      {working === null ? <Waiting session={session} /> : <Steps session={session} net={net} working={working} />}
    </section>
  );
}

/** What stands where no working does: one comes, can't be had, or is to be chosen. */
function Waiting({ session }: { session: Session }) {
  const lack = session.lack.value;
  if (lack === null) {
    const choose = "Choose a weight, a neuron or a number, and its derivative is worked out here.";
    return <p class="hint">{session.busy.value ? "Working it out …" : choose}</p>;
  }
  return (
    <p class="hint" role="status">
      No working: {lack.what}. {lack.mend && `${sentence(lack.mend)} `}The numbers follow all the same.{" "}
      {session.backend.read && (
        <button type="button" onClick={() => session.choose(session.topic.value)}>
          Try again
        </button>
      )}
    </p>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function Choice({ label, on, choose }: { label: string; on: boolean; choose: () => void }) {
  return (
    <button type="button" aria-pressed={on} onClick={choose}>
      {label}
    </button>
  );
}

function Steps({ session, net, working }: { session: Session; net: Net; working: LiveWorking }) {
  const now = session.now.value;
  const fill = useCallback(
    (hole: number) => {
      const live = working.live[hole];
      if (live === undefined) return NaN;
      if (typeof live === "number") return evaluated(net, working.expressions, live);
      const shape = session.quantity(live.array)?.shape ?? [];
      return arrayMath(net.value(live.array), shape, live.turned === true);
    },
    [working, net],
  );
  const unknown = session.unknown.value;
  const known = unknown.length === 0;
  if (working.steps.length === 0) return <p class="hint">Nothing is learned here: choose a number or a neuron, and the derivative by it is worked out.</p>;
  return (
    <>
      <p class="answer" aria-live="polite">
        <Math_ html={working.answer} />
        {known && working.result && <Result hole={working.result.live} fill={fill} now={now} />}
      </p>
      {!known && <p class="hint">Give {unknown.join(", ")} a number, and numbers are put in.</p>}
      <Stepper session={session} count={working.steps.length} />
      {/* Long formulas are scrolled to, by keyboard too. */}
      <ol class="steps" tabIndex={0} aria-label="Steps">
        {working.steps.map((step, at) => (
          <StepItem key={at} step={known ? step : { ...step, substitution: null, value: null, kinks: [] }} current={session.at.value === at} fill={fill} now={now} choose={() => (session.at.value = at)} />
        ))}
      </ol>
    </>
  );
}

function Result({ hole, fill, now }: { hole: number; fill: (hole: number) => number | string; now: number }) {
  return <LiveMath html={math(`<mo>=</mo><mrow data-live="${hole}"></mrow>`)} fill={fill} now={now} />;
}

/** Next and previous; the arrow keys do the same wherever no field has them.
 * In a notebook only where the widget has the focus: its keys are the notebook's otherwise. */
function Stepper({ session, count }: { session: Session; count: number }) {
  const at = session.at.value;
  const stepper = useRef<HTMLDivElement>(null);
  const go = (by: number) => {
    session.at.value = Math.max(0, Math.min(count - 1, session.at.value + by));
  };
  useEffect(() => {
    const root = stepper.current?.getRootNode();
    const key = (event: Event) => {
      if (!(event instanceof KeyboardEvent)) return;
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [role=tablist]");
      if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "ArrowRight" || event.key === "n") go(1);
      else if (event.key === "ArrowLeft" || event.key === "p") go(-1);
      else return;
      event.preventDefault();
    };
    root?.addEventListener("keydown", key);
    return () => root?.removeEventListener("keydown", key);
  }, [count]);
  return (
    <div class="stepper" ref={stepper}>
      <button type="button" onClick={() => go(-1)} disabled={at <= 0}>
        ← Previous
      </button>
      <span role="status">{at < 0 ? `${count} steps` : `Step ${at + 1} of ${count}`}</span>
      <button type="button" onClick={() => go(1)} disabled={at >= count - 1}>
        Next →
      </button>
    </div>
  );
}

interface StepProps {
  step: LiveStep;
  current: boolean;
  fill: (hole: number) => number | string;
  now: number;
  choose: () => void;
}

function StepItem({ step, current, fill, now, choose }: StepProps) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current) item.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <li ref={item} class={current ? "current" : ""} aria-current={current ? "step" : undefined} onClick={choose}>
      <p class="title">
        <Math_ html={step.title} /> <span class="rule">{step.rule}</span>
      </p>
      <div class="chain">
        {step.formula && <LiveMath html={step.formula} fill={fill} now={now} />}
        {step.substitution && <Line html={step.substitution} fill={fill} now={now} />}
        {step.value !== null && <Line html={math(`<mrow data-live="${step.value}"></mrow>`)} fill={fill} now={now} />}
      </div>
      {[step.note, ...step.kinks.filter(({ when }) => fill(when) === 0).map(({ note }) => note)].filter(Boolean).map((note) => (
        <p class="note" key={note}>
          <Math_ html={note} />
        </p>
      ))}
    </li>
  );
}

function Line({ html, fill, now }: { html: string; fill: (hole: number) => number | string; now: number }) {
  return (
    <div class="line">
      <span aria-hidden="true">=</span> <LiveMath html={html} fill={fill} now={now} />
    </div>
  );
}
