import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `vite dev` sends API calls; the built portal is served by the server itself. */
const server = process.env.VERSTAK_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Everything is a file: the server's policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    manifest: true,
    reportCompressedSize: false,
    // One sheet and few scripts: a first page is a handful of requests, not one for each icon.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "icons", test: /@tabler\/icons-react/, minShareCount: 2 },
            // What pages of plugins or of processes alone need is in none of these.
            {
              name: "parts",
              test: /src\/(ui\/(?!(block|block-frame|calendar|calendar-form|chart|confirm|designer(?:-[a-z]+)?|form-drawer|gantt|gateway-form|icon-action|job-toast|matrix|migration|ordered|report(?:-[a-z]+)?|route-map|tiles|sale-rows|tree|walk|work)\.)|api\/(?!(access|calendars|drawings|evaluate|layouts|merge|messages|notifications|processes|reports|sales|tasks)\.)|state|i18n\/(?!read\.)[a-z]+\.ts)|react-query/,
              minShareCount: 2,
            },
            // What edits values comes with the first form, record or edited cell: lists and boards only show them.
            {
              name: "engines",
              test: /src\/(engines\/(?!(blocks|designer|filters|form|migration|reports|route-map)\/|list\/move-handle|titles\.|fields\/(.*editor|in-place|use-field-edit|use-typed|currency-select|concerned|evaluated|subject))|features\/(records|shell)\/)|react-virtual|virtual-core/,
              minShareCount: 3,
            },
            { name: "controls", test: /@mantine\/|@tanstack\/|@floating-ui\//, minShareCount: 4 },
            {
              name: "editors",
              test: /src\/engines\/(fields\/((address|duration|link|multi|record)-editor|editor|in-place|use-field-edit|currency-select|concerned)\.|form\/)/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
