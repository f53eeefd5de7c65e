/** The page's frame: its title, its tabs, and what went wrong. */

import type { ComponentType } from "preact";
import { TABS, type Session, type Tab } from "../state/session";
import { NetworkTab } from "./network";
import { BuildTab } from "./build";
import { PractiseTab } from "./practise";
import { Share } from "./share";
import { TrainTab } from "./train";

const VIEWS: Record<Tab, { title: string; view: ComponentType<{ session: Session }> }> = {
  network: { title: "Network", view: NetworkTab },
  train: { title: "Train", view: TrainTab },
  practise: { title: "Practise", view: PractiseTab },
  build: { title: "Build", view: BuildTab },
};

export function App({ session }: { session: Session }) {
  const tab = session.tab.value;
  const View = VIEWS[tab].view;
  return (
    <div class="app">
      <header>
        <p class="brand">Backhand</p>
        <h1>{session.title.value || "A network by hand"}</h1>
        <Tabs session={session} />
        <Share session={session} />
      </header>
      <TroubleBox session={session} />
      <main>
        <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
          {session.sheet.value && <View session={session} />}
        </div>
      </main>
    </div>
  );
}

function Tabs({ session }: { session: Session }) {
  const tab = session.tab.value;
  const turn = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length] ?? tab;
    session.tab.value = next;
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={turn}>
      {TABS.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`tab-${each}`}
          aria-selected={each === tab}
          aria-controls={each === tab ? `panel-${each}` : undefined}
          tabIndex={each === tab ? 0 : -1}
          onClick={() => (session.tab.value = each)}
        >
          {VIEWS[each].title}
        </button>
      ))}
    </div>
  );
}

export function TroubleBox({ session }: { session: Session }) {
  const trouble = session.trouble.value;
  if (trouble === null) return null;
  const where = trouble.line === null ? "" : `Line ${trouble.line}, column ${trouble.column}: `;
  return (
    <div class="trouble" role="alert">
      <strong>
        {where}
        {trouble.what}
      </strong>
      {trouble.mend && <span>{trouble.mend}</span>}
      <button type="button" aria-label="Close this message" onClick={() => (session.trouble.value = null)}>
        ×
      </button>
    </div>
  );
}
