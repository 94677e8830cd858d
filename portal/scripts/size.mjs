// Fails when the JavaScript that a first visit must load is over the limit (quality.md: 300 KiB, compressed).
// A visit loads the entry, the language, a page of the router, and a piece that this page loads by itself, each with its
// texts: a section of the settings is its first page to whoever kept its address. Each piece is counted with all that leads
// to it, and with every script that those reach by static imports. What such pieces load in their turn (forms, dialogs) comes
// later and has a limit of its own, as has the designer: nobody draws without a canvas, and the canvas alone is half of it.
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const KiB = 1024;
const limits = { first: 300 * KiB, later: 512 * KiB };
const designer = "src/features/drawings/editor.tsx";
const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const source = (file) => readFileSync(new URL(file, root), "utf8");

// In Russian, whose words are the longest.
const textsFile = (part) => `src/i18n/ru/${part}.ts`;
const loader = /export const (with\w+Texts)\b[^;]*;/g;
const textsOf = new Map(
  [...source("src/i18n/index.ts").matchAll(loader)].map(([code, name]) => [
    name,
    [...code.matchAll(/withTexts\("(\w+)"/g)].map(([, part]) => textsFile(part)),
  ]),
);

/** What a module loads later: its key in the manifest, and the texts that come with it. */
function doorsOf(file) {
  const door = /((?:with\w+Texts\(\s*\(\)\s*=>\s*)*)import\(\s*"([^"]+)"\s*\)/g;
  return [...source(file).matchAll(door)].flatMap(([, wrapped, path]) => {
    const place = path.startsWith("@/")
      ? new URL(`src/${path.slice(2)}`, root)
      : new URL(path, new URL(file, root));
    const found = [".tsx", ".ts"].map((end) => new URL(place.href + end)).find((one) => existsSync(one));
    const key = found?.href.slice(root.href.length);
    // What developers look at is in no build.
    if (key?.startsWith("src/features/gallery/")) return [];
    if (!key) throw new Error(`${file} loads ${path}, which is nowhere`);
    // Small ones stand in a script with others.
    if (!manifest[key]) return [];
    const texts = [...wrapped.matchAll(/with\w+Texts/g)].flatMap(([name]) => textsOf.get(name) ?? []);
    return [{ key, keys: [key, ...texts] }];
  });
}

function reach(key, seen) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the build knows nothing of ${key}`);
  if (seen.has(key)) return;
  seen.add(key);
  for (const next of chunk.imports ?? []) reach(next, seen);
}

const weights = new Map();
function weightOf(file) {
  if (!file.endsWith(".js")) return 0;
  if (!weights.has(file)) weights.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return weights.get(file);
}

function weigh(keys) {
  const seen = new Set();
  for (const key of keys) reach(key, seen);
  const files = new Set([...seen].map((key) => manifest[key].file));
  return [...files].reduce((total, file) => total + weightOf(file), 0);
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const visits = [{ name: "(shell alone)", keys: [entry, textsFile("index")] }];
function follow({ key, keys }, from, way) {
  if (way.includes(key)) return;
  const visit = { name: [...way, key].join(" > "), keys: [...from, ...keys] };
  visits.push(visit);
  for (const next of doorsOf(key)) follow(next, visit.keys, [...way, key]);
}
for (const page of doorsOf("src/routes/router.tsx")) follow(page, visits[0].keys, []);

let over = false;
const worst = { first: 0, later: 0 };
for (const { name, keys } of visits) {
  const way = name.split(" > ");
  const when = way.length > 2 || way.includes(designer) ? "later" : "first";
  const size = weigh(keys);
  worst[when] = Math.max(worst[when], size);
  over ||= size > limits[when];
  console.log(`${(size / KiB).toFixed(1).padStart(7)} KiB  ${size > limits[when] ? "OVER " : ""}${name}`);
}
for (const [when, limit] of Object.entries(limits)) {
  console.log(`largest ${when}: ${(worst[when] / KiB).toFixed(1)} KiB of ${limit / KiB} KiB`);
}
if (over) {
  console.error("A page is over its limit.");
  process.exit(1);
}
