/** The page, beside a server or alone in one file. */

import { render } from "preact";
import { server } from "./state/backend";
import { Session } from "./state/session";
import { App } from "./views/app";
import "./styles/page.css";

const root = document.getElementById("page");
if (root) {
  const session = new Session(server());
  render(<App session={session} />, root);
  void session.start();
}
