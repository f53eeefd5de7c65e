/** Train: the network and the models beside it learn, step by step or running. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { plain } from "../math/numbers";
import { table } from "../state/csv";
import type { Session } from "../state/session";
import { OWN, Training, type Contender } from "../state/training";
import { Drawing } from "./drawing";
import { NumberField } from "./field";
import { agreement, Boundary, LossCurve } from "./plots";

const BATCHES = [1, 8, 32, 128];

export function TrainTab({ session }: { session: Session }) {
  const training = useMemo(() => new Training(session), [session, session.sheet.value]);
  useEffect(() => {
    void training.start();
    return () => training.pause();
  }, [training]);
  const net = session.net.value;
  if (net === null || net.program.updates.length === 0) {
    return <p class="hint">There is nothing to train here: this worksheet has no weights and no loss.</p>;
  }
  const points = training.points.value;
  const contenders = training.contenders.value;
  const now = training.now.value;
  const wide = points?.inputs[0]?.length ?? 0;
  const shares = contenders.map(({ net }) => (points ? agreement(net, points) : null));
  return (
    <div class="train">
      <section aria-labelledby="train-title">
        <h2 id="train-title" class="unseen">
          Training
        </h2>
        <Source training={training} />
        <Controls training={training} />
        <LossCurve contenders={contenders} now={now} />
        <Scores contenders={contenders} shares={shares} />
        {(wide === 1 || wide === 2) && points && (
          <div class="boundaries">
            {contenders.map(({ title, net }, n) => (
              <Boundary key={title} title={title} net={net} points={points} right={shares[n] ?? null} now={now} />
            ))}
          </div>
        )}
      </section>
      <section aria-labelledby="moving-title">
        <h2 id="moving-title" class="unseen">
          Weights
        </h2>
        <Drawing session={session} net={net} lighted={false} />
      </section>
    </div>
  );
}

function Source({ training }: { training: Training }) {
  const file = useRef<HTMLInputElement>(null);
  const { chosen, sets, points, session } = training;
  const read = async (given: File | undefined) => {
    if (given) await session.attempt(async () => training.use(given.name, table(await given.text())));
  };
  const count = points.value?.inputs.length ?? 0;
  const known = chosen.value === "" || chosen.value === OWN || sets.value.some(({ name }) => name === chosen.value);
  return (
    <div class="bar">
      <label>
        Data{" "}
        <select value={chosen.value} onChange={(e) => void training.load(e.currentTarget.value)}>
          {chosen.value === "" && <option value="" />}
          {!known && <option value={chosen.value}>{chosen.value}</option>}
          {training.own && <option value={OWN}>{OWN}</option>}
          {sets.value.map((set) => (
            <option key={set.name} value={set.name} title={set.title} disabled={!training.takes(set)}>
              {set.name}
            </option>
          ))}
        </select>
      </label>
      <input ref={file} type="file" accept=".csv,.tsv,.txt,text/csv" class="unseen" tabIndex={-1} aria-label="A table of your own" onChange={(e) => void read(e.currentTarget.files?.[0])} />
      <button type="button" onClick={() => file.current?.click()}>
        Your own CSV …
      </button>
      <small>{count > 0 && `${count} ${count === 1 ? "point" : "points"}`}</small>
      {count === 0 && !session.busy.value && <small>No data set here has the network's inputs and outputs: give a table of your own.</small>}
    </div>
  );
}

function Controls({ training }: { training: Training }) {
  const running = training.running.value;
  const ready = training.contenders.value.length > 0;
  return (
    <div class="bar">
      <div class="choices">
        <button type="button" class="main" disabled={!ready} onClick={() => (running ? training.pause() : training.run())}>
          {running ? "Pause" : "Run"}
        </button>
        <button type="button" disabled={!ready || running} onClick={() => training.take(1)}>
          Step
        </button>
        <button type="button" disabled={!ready} onClick={() => training.reset()}>
          Reset
        </button>
      </div>
      <label>
        Learning rate <NumberField label="Learning rate" value={training.rate.value} onChange={(rate) => (training.rate.value = rate)} />
      </label>
      <label>
        Batch{" "}
        <select value={training.batch.value} onChange={(e) => training.rebatch(Number(e.currentTarget.value))}>
          {BATCHES.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
          <option value={training.points.value?.inputs.length ?? 0}>all</option>
        </select>
      </label>
      {running && <small>{training.speed.value.toLocaleString("en")} steps a second</small>}
    </div>
  );
}

/** `shares`: of the points whose class each model names. */
function Scores({ contenders, shares }: { contenders: Contender[]; shares: (number | null)[] }) {
  if (contenders.length === 0) return null;
  return (
    <table class="scores">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Parameters</th>
          <th scope="col">Steps</th>
          <th scope="col">Mean loss</th>
          <th scope="col">Right</th>
        </tr>
      </thead>
      <tbody>
        {contenders.map(({ title, trainer, history, start }, n) => {
          const right = shares[n] ?? null;
          const learned = [...start.values()].reduce((sum, numbers) => sum + numbers.length, 0);
          return (
            <tr key={title}>
              <th scope="row">
                <span class={`swatch line-${n}`} aria-hidden="true" /> {title}
              </th>
              <td>{learned}</td>
              <td>{trainer.steps.toLocaleString("en")}</td>
              <td>{plain(history.losses.at(-1) ?? NaN)}</td>
              <td>{right === null ? "–" : `${Math.round(right * 100)} %`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
