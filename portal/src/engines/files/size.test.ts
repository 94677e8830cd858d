import { expect, it } from "vitest";
import { sizeOf } from "./size";

it("is told in the unit that people read", () => {
  expect(sizeOf(0)).toEqual({ unit: "b", number: "0" });
  expect(sizeOf(1023)).toEqual({ unit: "b", number: "1,023" });
  expect(sizeOf(300_000)).toEqual({ unit: "kb", number: "293" });
  expect(sizeOf(5_812_004)).toEqual({ unit: "mb", number: "5.5" });
  expect(sizeOf(3 * 1024 ** 3)).toEqual({ unit: "gb", number: "3" });
});
