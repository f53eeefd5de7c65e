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
  const found = await saved(location.hash);
  if (found !== null) session.tab.value = found.tab;
  await session.start(found);
  follow(session);
}
