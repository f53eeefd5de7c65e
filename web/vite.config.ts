import { defineConfig } from "vite";

// Two builds, each one file that needs no other: the page, and the notebook's widget.
export default defineConfig(({ mode }) => ({
  publicDir: mode === "widget" ? false : "public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/backhand/page/static",
    emptyOutDir: mode !== "widget",
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      preserveEntrySignatures: "strict",
      input: mode === "widget" ? "src/widget.tsx" : "src/page.tsx",
      output: {
        format: mode === "widget" ? "es" : "iife",
        entryFileNames: mode === "widget" ? "widget.js" : "page.js",
        assetFileNames: "page[extname]",
      },
    },
  },
}));
