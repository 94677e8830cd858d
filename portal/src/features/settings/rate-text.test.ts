import { expect, it } from "vitest";
import { rateOf } from "./rate-text";

it("a rate is sent digit by digit, and what is none is not sent", () => {
  expect(rateOf(41.5)).toBe("41.5");
  expect(rateOf(100)).toBe("100");
  expect(rateOf(0.0000000001)).toBe("0.0000000001");
  for (const wrong of [0, -1, null, "41", Number.NaN, 2e9, 1e-12]) expect(rateOf(wrong)).toBeUndefined();
});
