import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { chunks } from "./chunks.ts";

/** Where `vite dev` sends API calls; the built portal is served by the server itself. */
const server = process.env.VERSTAK_SERVER ?? "http://127.0.0.1:8080";

const split = chunks();

export default defineConfig({
  plugins: [react(), split.plugin],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: { proxy: { "/api": { target: server, changeOrigin: true }, "/oidc": { target: server } } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Everything is a file: the server's policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    manifest: true,
    reportCompressedSize: false,
    // One sheet and few scripts (see `chunks.ts`): a first page is a handful of requests, not one for each icon.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        codeSplitting: { groups: split.groups },
      },
    },
  },
  test: { environment: "node", include: ["*.test.ts", "src/**/*.test.{ts,tsx}"] },
});
