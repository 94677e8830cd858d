import { expect, it } from "vitest";
import { shortName } from "./short-name";
import { sizeOf } from "./size";

it("is told in the unit that people read", () => {
  expect(sizeOf(0)).toEqual({ unit: "b", number: "0" });
  expect(sizeOf(1023)).toEqual({ unit: "b", number: "1,023" });
  expect(sizeOf(300_000)).toEqual({ unit: "kb", number: "293" });
  expect(sizeOf(5_812_004)).toEqual({ unit: "mb", number: "5.5" });
  expect(sizeOf(3 * 1024 ** 3)).toEqual({ unit: "gb", number: "3" });
});

it("has a name that fits, with its ending", () => {
  expect(shortName("offer.pdf")).toBe("offer.pdf");
  const short = shortName(`${"ё".repeat(200)}-2026.pdf`);
  expect([...short]).toHaveLength(60);
  expect(short.endsWith("-2026.pdf")).toBe(true);
});
