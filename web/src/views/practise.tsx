/** Practise: the worksheet's questions, each answer shown as it is understood, marked, and helped along. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { Math_ } from "../math/math";
import { TroubleError } from "../state/backend";
import { Practice } from "../state/practice";
import type { Session } from "../state/session";
import type { Mark, Part, Question } from "../state/types";

const WAIT = 250;

export function PractiseTab({ session }: { session: Session }) {
  const sheet = session.sheet.value;
  const practice = useMemo(() => new Practice(session), [session, sheet]);
  const { variant } = session.backend;
  if (sheet === null || sheet.questions.length === 0) {
    return <p class="hint">This worksheet has no questions. Write some under Build, with a line such as “% ask: value a” below each.</p>;
  }
  const fresh = () =>
    session.attempt(async () => {
      if (variant) session.replace(await variant(sheet.text, Math.floor(Math.random() * 2 ** 31)));
    });
  return (
    <div class="practise">
      <div class="bar">
        <h2>
          {practice.right} of {practice.parts.length} right
        </h2>
        <progress max={practice.parts.length} value={practice.right} aria-label="Answers that are right" />
        {variant && (
          <button type="button" onClick={() => void fresh()}>
            Other numbers
          </button>
        )}
        <button type="button" onClick={() => practice.clear()}>
          Start again
        </button>
      </div>
      {sheet.questions.map((question) => (
        <QuestionBox key={question.number} practice={practice} question={question} />
      ))}
    </div>
  );
}

function QuestionBox({ practice, question }: { practice: Practice; question: Question }) {
  const title = `question-${question.number}`;
  return (
    <>
      {question.before && <div class="before" dangerouslySetInnerHTML={{ __html: question.before }} />}
      <section class="question" aria-labelledby={title}>
        <h3 id={title}>{question.number}</h3>
        <div class="words" dangerouslySetInnerHTML={{ __html: question.words }} />
        {question.parts.map((part) => (
          <PartBox key={part.number} practice={practice} part={part} alone={question.parts.length === 1} />
        ))}
      </section>
    </>
  );
}

const HINTS: Record<string, string> = {
  vector: "such as [1, -2] or (1; -2)",
  matrix: "such as [1, 2; 3, 4]",
  shape: "such as 2 x 3",
  chain: "such as dJ/dyhat * dyhat/db",
  formula: "such as -2(y - yhat)",
  verdict: "true or false",
  count: "a whole number",
};

function PartBox({ practice, part, alone }: { practice: Practice; part: Part; alone: boolean }) {
  const attempt = practice.attempt(part.number);
  const [key, setKey] = useState<string | null>(null);
  const session = practice.session;
  const field = `answer-${part.number}`;
  const show = async () => {
    const text = session.sheet.value?.text;
    if (key !== null || text === undefined) return setKey(null);
    await session.attempt(async () => setKey((await session.backend.key?.(text, part.number))?.html ?? null));
  };
  const drawn = part.kind === "drawing";
  return (
    <div class="part">
      {drawn ? (
        <p class="hint">Work this out on paper, then compare.</p>
      ) : (
        <form
          class="answering"
          onSubmit={(event) => {
            event.preventDefault();
            void practice.check(part.number);
          }}
        >
          <label for={field}>{alone ? "Answer" : part.number}</label>
          <input
            id={field}
            value={attempt.answer}
            placeholder={HINTS[part.kind] ?? ""}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            maxLength={10_000}
            onInput={(event) => practice.type(part.number, event.currentTarget.value)}
          />
          <button type="submit" class="main" disabled={attempt.answer.trim() === ""}>
            Check
          </button>
        </form>
      )}
      {!drawn && attempt.mark?.verdict !== "unreadable" && <Preview session={session} part={part.number} answer={attempt.answer} />}
      {attempt.mark && <Feedback practice={practice} part={part.number} mark={attempt.mark} />}
      {session.backend.key && (drawn || attempt.tries > 0) && (
        <button type="button" class="quiet" aria-expanded={key !== null} onClick={() => void show()}>
          {key === null ? "Show the working" : "Hide the working"}
        </button>
      )}
      {key !== null && <div class="key" dangerouslySetInnerHTML={{ __html: key }} />}
    </div>
  );
}

/** What was understood, typeset, a moment after the last key. */
function Preview({ session, part, answer }: { session: Session; part: string; answer: string }) {
  const [shown, setShown] = useState<{ math: string } | { what: string } | null>(null);
  const { preview } = session.backend;
  const text = session.sheet.value?.text ?? "";
  useEffect(() => {
    if (!preview || answer.trim() === "") return setShown(null);
    let late = false;
    const timer = setTimeout(async () => {
      try {
        const found = await preview(text, part, answer);
        if (!late) setShown(found);
      } catch (error) {
        if (!(error instanceof TroubleError)) throw error;
        const { what, mend, column } = error.trouble;
        const where = column === null ? "" : `, at character ${column}`;
        if (!late) setShown({ what: `I can't read this yet${where}: ${what}${mend ? `; ${mend}` : ""}.` });
      }
    }, WAIT);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [preview, text, part, answer]);
  if (shown === null) return null;
  return (
    <p class="preview" aria-live="polite">
      {"math" in shown ? (
        <>
          <small>Understood as</small> <Math_ html={shown.math} />
        </>
      ) : (
        <small>{shown.what}</small>
      )}
    </p>
  );
}

const VERDICTS: Record<Mark["verdict"], string> = {
  right: "Right",
  partly: "Partly right",
  wrong: "Not right yet",
  undecided: "This needs a person to decide",
  unreadable: "I can't read this",
};

function Feedback({ practice, part, mark }: { practice: Practice; part: string; mark: Mark }) {
  const more = practice.more(part);
  const done = mark.verdict === "right";
  // The first line is a sentence; a working below it is set out in columns.
  const [said = "", ...working] = mark.feedback.replace(/^(Right\.|I can't read this: )/, "").split("\n");
  return (
    <div class={`feedback ${mark.verdict}`} role="status">
      <strong>
        {VERDICTS[mark.verdict]}
        {mark.verdict === "partly" && ` (${Math.round(mark.credit * 100)} %)`}
      </strong>{" "}
      {said}{" "}
      {working.length > 0 && <pre tabIndex={0}>{working.join("\n").replace(/^\n+/, "")}</pre>}
      {!done && more && mark.verdict !== "unreadable" && (
        <button type="button" class="quiet" onClick={() => void practice.check(part, more)}>
          {more === "step" ? "Where does it go wrong?" : "Show all"}
        </button>
      )}
    </div>
  );
}
