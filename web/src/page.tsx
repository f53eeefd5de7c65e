/** The page, beside a server or alone in one file. */

import { render } from "preact";
import { server } from "./state/backend";
import { Session } from "./state/session";
import { follow, saved } from "./state/url";
import { App } from "./views/app";
import "./styles/page.css";

const root = document.getElementById("page");
if (root) {
  const session = new Session(server());
  render(<App session={session} />, root);
  void begin(session);
}

/** What the address holds goes before what the server has to show. */
async function begin(session: Session): Promise<void> {
  const found = await saved(location.hash);
  const { read } = session.backend;
  if (found !== null && read) {
    await session.attempt(async () => {
      session.open(await read(found.text), found.values);
      session.tab.value = found.tab;
      session.layout.value = found.layout;
      session.choose(found.topic);
    });
  }
  if (session.sheet.value === null) await session.start();
  follow(session);
}
