/** Backhand's own server, on the same origin. */

import { remote, TroubleError, type Backend } from "./backend";
import type { Trouble } from "./types";

export function server(): Backend {
  return remote(
    async (task, body) => {
      if (task === "points") return (await asked(pointsPath(body as Points))).json();
      if (GOT[task] !== undefined) return (await asked(GOT[task])).json();
      return (await asked(`api/${task}`, body)).json();
    },
    async (text, values, format) => {
      const answer = await asked("api/export", { text, values, format });
      const said = answer.headers.get("content-disposition") ?? "";
      const name = /filename="([^"]+)"/.exec(said)?.[1] ?? `backhand.${format}`;
      return { name, bytes: await answer.blob() };
    },
  );
}

const GOT: Record<string, string> = { start: "api/start", functions: "api/functions", data: "api/data" };

interface Points {
  name: string;
  n: number;
  seed: number;
}

function pointsPath({ name, n, seed }: Points): string {
  return `api/data/${encodeURIComponent(name)}?n=${n}&seed=${seed}`;
}

const UNREACHED: Trouble = {
  what: "the server doesn't answer",
  mend: "see whether `backhand serve` is still running",
  line: null,
  column: null,
};

async function asked(path: string, body?: unknown): Promise<Response> {
  const request: RequestInit =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer: Response;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new TroubleError(UNREACHED);
  }
  if (answer.ok) return answer;
  let trouble: Trouble = { ...UNREACHED, what: `the server answered ${answer.status}`, mend: null };
  try {
    trouble = ((await answer.json()) as { error: Trouble }).error;
  } catch {
    // No JSON: the status has to say it.
  }
  throw new TroubleError(trouble);
}
