/** Share: the link that holds everything, and the worksheet as a file. */

import { useState } from "preact/hooks";
import type { Session } from "../state/session";
import { fragment } from "../state/url";

const FORMATS = [
  ["markdown", "Worksheet (Markdown)"],
  ["html", "Key as a page (HTML)"],
  ["pdf", "Key on paper (PDF)"],
  ["svg", "Drawing (SVG)"],
  ["png", "Drawing (PNG)"],
  ["python", "Program (Python)"],
] as const;

export function Share({ session }: { session: Session }) {
  const [copied, setCopied] = useState(false);
  const { export: save, embedded } = session.backend;
  const copy = async () => {
    const link = location.href.split("#")[0] + (await fragment(session));
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      history.replaceState(null, "", link);
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 2500);
  };
  const download = (format: string) =>
    session.attempt(async () => {
      const text = session.sheet.value?.text;
      if (!save || text === undefined) return;
      const found = await save(text, session.values(), format === "png" ? "svg" : format);
      if (format !== "png") return offer(found.name, found.bytes);
      offer(found.name.replace(/svg$/, "png"), await raster(await found.bytes.text()));
    });
  return (
    <details class="share">
      <summary>Share</summary>
      <div class="menu">
        {!embedded && (
          <button type="button" onClick={() => void copy()}>
            {copied ? "The link is copied" : "Copy the link to all this"}
          </button>
        )}
        {save &&
          FORMATS.map(([format, title]) => (
            <button type="button" key={format} onClick={() => void download(format)}>
              {title}
            </button>
          ))}
      </div>
    </details>
  );
}

function offer(name: string, bytes: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const SCALE = 2;

/** A drawing as pixels, twice as many as on the page. */
async function raster(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * SCALE, image.height * SCALE];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
}
