/** The page, beside a server or alone in one file. */

import { render } from "preact";
import { carried, type Carried } from "./state/carried";
import { server } from "./state/server";
import { Session } from "./state/session";
import { follow, saved } from "./state/url";
import { App } from "./views/app";
import "./styles/page.css";

/** The element that holds what a single file carries. */
const DATA = "carried";

const root = document.getElementById("page");
if (root) {
  const data = document.getElementById(DATA)?.textContent;
  const session = new Session(data ? carried(JSON.parse(data) as Carried) : server());
  render(<App session={session} />, root);
  void begin(session);
}

/** What the address holds goes before what there is to show otherwise. */
async function begin(session: Session): Promise<void> {
  await session.start();
  const found = await saved(location.hash);
  const { read } = session.backend;
  const own = session.sheet.value;
  if (found !== null && (read || found.text === own?.text)) {
    await session.attempt(async () => {
      const sheet = found.text === own?.text || !read ? own : await read(found.text);
      if (sheet === null) return;
      session.tab.value = found.tab;
      session.layout.value = found.layout;
      session.open(sheet, found.values, found.topic);
    });
  }
  follow(session);
}
