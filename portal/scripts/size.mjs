// Fails when the JavaScript a first visit must load is over the limit (quality.md: 300 KiB, compressed).
// Counts every script reachable by static imports from the entry and from the pages a visit can open first.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 300 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

function reach(key, seen) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return;
  seen.add(key);
  for (const next of chunk.imports ?? []) reach(next, seen);
}

function weigh(keys) {
  let total = 0;
  for (const key of keys) {
    const { file } = manifest[key];
    if (file.endsWith(".js")) total += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  }
  return total;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const texts = (part) => Object.keys(manifest).find((key) => key === `src/i18n/ru/${part}.ts`);
const language = texts("index");
const adminTexts = texts("admin");
const workTexts = texts("work");
const drawingTexts = texts("drawings");
const reportTexts = texts("reports");
const admin = /^src\/features\/(imports|plugins|settings)\//;
const work = /^src\/features\/(tasks|processes|drawings)\//;
const drawings = /^src\/features\/drawings\//;
const reports = /^src\/features\/reports\//;
const pages = Object.keys(manifest).filter((key) => /^src\/features\/.*page\.tsx$/.test(key));
let worst = 0;
for (const page of [undefined, ...pages]) {
  const seen = new Set();
  reach(entry, seen);
  if (language) reach(language, seen);
  if (page) reach(page, seen);
  if (page && admin.test(page) && adminTexts) reach(adminTexts, seen);
  if (page && work.test(page) && workTexts) reach(workTexts, seen);
  if (page && drawings.test(page) && drawingTexts) reach(drawingTexts, seen);
  if (page && reports.test(page) && reportTexts) reach(reportTexts, seen);
  const size = weigh(seen);
  worst = Math.max(worst, size);
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB  ${page ?? "(shell alone)"}`);
}
console.log(`largest first page: ${(worst / 1024).toFixed(1)} KiB of ${limit / 1024} KiB`);
if (worst > limit) {
  console.error("The first page is over its limit.");
  process.exit(1);
}
