import { expect, it } from "vitest";
import { addressesOf } from "./addresses";

it("only whole phones and addresses are looked for", () => {
  expect(
    addressesOf({
      phones: [{ value: "+44 20" }, { value: "+44 20 555-22-24" }],
      emails: [{ value: "anna@" }, { value: " anna@example.org " }],
    }),
  ).toEqual([
    { field: "phones", op: "contains", value: "+44 20 555-22-24" },
    { field: "emails", op: "contains", value: "anna@example.org" },
  ]);
  expect(addressesOf({ title: "Anna", phones: null })).toEqual([]);
});
