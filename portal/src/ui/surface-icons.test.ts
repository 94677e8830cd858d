import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { icons } from "./surface-icons";

it("are those that the host lets manifests name", () => {
  const file = new URL("../../../sdk/ui/icons.json", import.meta.url);
  expect(Object.keys(icons)).toEqual(JSON.parse(readFileSync(file, "utf8")));
});
