/** Answers and their marks, kept in this browser alone. */

import { signal } from "@preact/signals";
import type { Session } from "./session";
import type { Level, Mark, Part } from "./types";

export interface Attempt {
  answer: string;
  mark: Mark | null;
  level: Level;
  tries: number;
}

const LEVELS: readonly Level[] = ["hint", "step", "full"];
const EMPTY: Attempt = { answer: "", mark: null, level: "hint", tries: 0 };

export class Practice {
  readonly attempts = signal<Record<string, Attempt>>({});

  /** Where the answers to this very worksheet are kept: a mark may come when another is shown. */
  private readonly place: string;

  constructor(readonly session: Session) {
    this.place = `backhand practice ${fingerprint(session.sheet.value?.text ?? "")}`;
    this.attempts.value = kept(this.place);
  }

  attempt(part: string): Attempt {
    return this.attempts.value[part] ?? EMPTY;
  }

  type(part: string, answer: string): void {
    this.put(part, { answer, mark: null, level: "hint" });
  }

  /** Have the answer marked, with those to the parts before it. */
  async check(part: string, level: Level = "hint"): Promise<void> {
    const { answer, tries } = this.attempt(part);
    const text = this.session.sheet.value?.text;
    if (text === undefined || answer.trim() === "") return;
    await this.session.attempt(async () => {
      const mark = await this.session.backend.mark(text, part, answer, this.earlier(part), level);
      if (this.attempt(part).answer !== answer) return;
      this.put(part, { mark, level, tries: level === "hint" ? tries + 1 : tries });
    });
  }

  /** The next level of help, or null after the last; a file without Backhand has the first only. */
  more(part: string): Level | null {
    if (!this.session.backend.preview) return null;
    return LEVELS[LEVELS.indexOf(this.attempt(part).level) + 1] ?? null;
  }

  clear(): void {
    this.attempts.value = {};
    forget(this.place);
  }

  get parts(): Part[] {
    return this.session.sheet.value?.questions.flatMap((question) => question.parts) ?? [];
  }

  get right(): number {
    return this.parts.filter(({ number }) => this.attempt(number).mark?.verdict === "right").length;
  }

  private earlier(part: string): Record<string, string> {
    const before = this.parts.slice(0, this.parts.findIndex(({ number }) => number === part));
    const given = before.map(({ number }) => [number, this.attempt(number).answer] as const);
    return Object.fromEntries(given.filter(([, answer]) => answer.trim() !== ""));
  }

  private put(part: string, change: Partial<Attempt>): void {
    this.attempts.value = { ...this.attempts.value, [part]: { ...this.attempt(part), ...change } };
    keep(this.place, this.attempts.value);
  }
}

function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

// A browser may refuse to keep anything, as it does in private windows.

function kept(place: string): Record<string, Attempt> {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "{}") as Record<string, Attempt>;
  } catch {
    return {};
  }
}

function keep(place: string, attempts: Record<string, Attempt>): void {
  try {
    localStorage.setItem(place, JSON.stringify(attempts));
  } catch {
    // Then they last as long as the page.
  }
}

function forget(place: string): void {
  try {
    localStorage.removeItem(place);
  } catch {
    // Nothing was kept.
  }
}
