import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import enWords from "@/i18n/en/icons.json";
import ruWords from "@/i18n/ru/icons.json";
import ukWords from "@/i18n/uk/icons.json";
import { icons } from "./surface-icons";

it("are those that the host lets manifests name", () => {
  const file = new URL("../../../sdk/ui/icons.json", import.meta.url);
  expect(Object.keys(icons)).toEqual(JSON.parse(readFileSync(file, "utf8")));
});

it("have a name of their own in every language", () => {
  for (const words of [enWords, ruWords, ukWords]) {
    expect(Object.keys(words)).toEqual(Object.keys(icons));
    expect(new Set(Object.values(words)).size).toBe(Object.keys(icons).length);
  }
});
