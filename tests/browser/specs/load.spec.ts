/** A first page is few requests and little script. */
import { readFileSync } from "node:fs";
import { expect, test } from "../support/test.ts";

test.use({ company: "Load" });

type Manifest = Record<string, { file: string; isEntry?: boolean; imports?: string[] }>;

/** Fetched in an idle moment after the board is there: the panel, the pages people go to next. */
const ahead = [
  "engines/board/add-card",
  "features/home/page",
  "features/records/create-dialog",
  "features/records/list-page",
  "features/records/panel",
  "features/records/record-page",
  "features/session/expired-dialog",
  "features/shell/overlays",
  "ui/toast-place",
];

/** Addresses of what those alone need, not the board itself: which script holds what is the bundler's matter. */
function scriptsAhead(): Set<string> {
  const file = new URL("../../../portal/dist/.vite/manifest.json", import.meta.url);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  const add = (to: Set<string>, key: string) => {
    const script = manifest[key];
    if (!script) throw new Error(`the built portal has no ${key}`);
    if (to.has(`/${script.file}`)) return to;
    to.add(`/${script.file}`);
    for (const next of script.imports ?? []) add(to, next);
    return to;
  };
  const board = ["src/i18n/en/index.ts", "src/features/records/board-page.tsx"];
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry);
  const first = [...entries, ...board].reduce(add, new Set<string>());
  const later = ahead.map((name) => `src/${name}.tsx`).reduce(add, new Set<string>());
  return new Set([...later].filter((script) => !first.has(script)));
}

test("the first board takes at most 25 requests and 300 KB of script", async ({ page, signIn, api, browser, baseURL }) => {
  const lead = await api.create("lead", { title: "First seen", emails: [{ value: "a@example.org" }] });
  await signIn(page);
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  const cold = await context.newPage();
  const asked: string[] = [];
  let script = 0;
  const later = scriptsAhead();
  cold.on("requestfinished", async (request) => {
    if (later.has(new URL(request.url()).pathname)) return;
    asked.push(request.url());
    if (request.resourceType() === "script") script += (await request.sizes()).responseBodySize;
  });
  await cold.goto("/records/lead/board");
  await expect(cold.getByTestId(`card-${lead.id}`)).toBeVisible();
  await expect(cold.getByRole("button", { name: /^Add to/ }).first()).toBeVisible();
  expect(asked.length, asked.join("\n")).toBeLessThanOrEqual(25);
  expect(script).toBeGreaterThan(0);
  expect(script / 1_000).toBeLessThan(300);
  await context.close();
});
