/** Light or dark as the notebook is, which needn't be what the system prefers. */

/** Keep an element's `data-theme` true to the notebook; returns what ends it. */
export function themed(host: HTMLElement): () => void {
  const set = () => {
    const theme = theirs();
    if (theme === null) delete host.dataset["theme"];
    else host.dataset["theme"] = theme;
  };
  const watcher = new MutationObserver(set);
  const attributeFilter = ["class", "data-jp-theme-light", "data-vscode-theme-kind"];
  for (const each of [document.documentElement, document.body]) watcher.observe(each, { attributeFilter });
  set();
  return () => watcher.disconnect();
}

/** What JupyterLab, VS Code or marimo shows; null where none of them says. */
function theirs(): "light" | "dark" | null {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind !== undefined) return vscodeThemeKind.endsWith("light") ? "light" : "dark";
  const marked = (name: string) => [document.documentElement, document.body].some(({ classList }) => classList.contains(name));
  return marked("dark") ? "dark" : marked("light") ? "light" : null;
}
