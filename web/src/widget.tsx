/** The page in a notebook: the same views, in a shadow root, beside a kernel. */

import { render as draw } from "preact";
import { kernel, type Model } from "./state/kernel";
import { Session } from "./state/session";
import { flattened, synced } from "./state/synced";
import { themed } from "./state/theme";
import { App } from "./views/app";
import css from "./styles/page.css?inline";

/** Keys that are pressed in the widget aren't the notebook's commands. */
const KEYS = ["keydown", "keypress", "keyup"];

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const root = document.createElement("div");
  const style = document.createElement("style");
  style.textContent = css;
  const host = document.createElement("div");
  host.dataset.lmSuppressShortcuts = "true";
  for (const key of KEYS) host.addEventListener(key, (event) => event.stopPropagation());
  host.attachShadow({ mode: "open" }).append(style, root);
  el.append(host);
  const unthemed = themed(host);

  const { backend, close } = kernel(model);
  const session = new Session(backend);
  draw(<App session={session} />, root);
  let end = () => {};
  let over = false;
  void session.attempt(async () => {
    const { sheet, error } = await backend.start();
    if (over) return;
    session.open(sheet, flattened(model.get("values")));
    session.trouble.value = error;
    end = synced(session, model);
  });
  return () => {
    over = true;
    end();
    unthemed();
    close();
    draw(null, root);
    host.remove();
  };
}

export default { render };
