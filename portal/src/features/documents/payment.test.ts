import { expect, it } from "vitest";
import { allocationsOf, filledIn } from "./payment";

it("a payment without allocations has none", () => {
  expect(allocationsOf({ allocations: null })).toEqual([]);
  expect(allocationsOf({})).toEqual([]);
});

it("what is left empty of a payment is left to the server", () => {
  expect(filledIn({ amount: 0, currency: "EUR", paid_on: null, purpose: "" })).toEqual({
    amount: 0,
    currency: "EUR",
  });
});
