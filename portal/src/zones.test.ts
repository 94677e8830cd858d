/** The linter keeps the import zones: api, i18n, state <- ui <- engines <- features <- routes; no circles. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const portal = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "verstak-zones-"));

/** File, what it imports, whether the linter takes it. */
const cases: [string, string, boolean][] = [
  ["ui/a.ts", "@/engines/list/list", false],
  ["ui/b.ts", "@/i18n/format", true],
  ["api/a.ts", "@/ui/toast", false],
  ["i18n/a.ts", "@/features/home/page", false],
  ["state/a.ts", "@/ui/toast", false],
  ["engines/list/a.ts", "@/features/records/source", false],
  ["engines/list/b.ts", "../fields/values", false],
  ["engines/list/c.ts", "@/engines/fields/values", true],
  ["features/home/a.ts", "@/features/records/source", false],
  ["features/home/b.ts", "@/routes/router", false],
  ["features/home/c.ts", "@/engines/source", true],
  ["routes/a.ts", "@/features/home/page", true],
  ["ui/circle.ts", "@/ui/round", false],
  ["ui/round.ts", "@/ui/circle", false],
];
let found = "";

beforeAll(() => {
  for (const file of ["biome.json", "package.json", "tsconfig.json"])
    copyFileSync(join(portal, file), join(folder, file));
  for (const [file, imported] of cases) {
    const place = join(folder, "src", file);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, `import { own as other } from "${imported}";\n\nexport const own = () => other;\n`);
  }
  const biome = join(portal, "node_modules/@biomejs/biome/bin/biome");
  const run = spawnSync(process.execPath, [biome, "lint", "--reporter=github", "--max-diagnostics=none"], {
    cwd: folder,
    encoding: "utf8",
  });
  found = run.stdout;
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(cases)("%s importing %s: %s", (file, _, allowed) => {
  expect(found.includes(`/src/${file},`)).toBe(!allowed);
});
