import { expect, test } from "vitest";
import en from "@/i18n/en/session.json";
import { placeOf, refusalOf, refusals } from "./provider-model";

test("a refusal that is not known has failed, and each has words", () => {
  expect(refusalOf(undefined)).toBeUndefined();
  expect(refusalOf("")).toBeUndefined();
  expect(refusalOf("domain")).toBe("domain");
  expect(refusalOf("<script>")).toBe("failed");
  for (const refusal of refusals) expect(en[`refused_${refusal}`]).toMatch(/\w \w/);
});

test("only places of this portal are gone to", () => {
  expect(placeOf("/records/deal/list?q=1")).toBe("/records/deal/list?q=1");
  for (const bad of [
    undefined,
    "",
    "https://evil.test",
    "//evil.test",
    "/\\evil.test",
    "javascript:alert(1)",
  ]) {
    expect(placeOf(bad)).toBe("/");
  }
});
