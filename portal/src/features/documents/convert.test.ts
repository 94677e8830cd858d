import { expect, it } from "vitest";
import { calledAfter, convertible, homeOf, inputOf, missedOf, offered } from "./convert";

it("what the lead leads to is linked, then the only one found, else it is made", () => {
  expect(offered("contact", { contact: "c" }, { contact: ["x"] }, true)).toMatchObject({
    how: "link",
    id: "c",
  });
  expect(offered("contact", {}, { contact: ["x"] }, true)).toMatchObject({ how: "link", id: "x" });
  expect(offered("contact", {}, { contact: ["x", "y"] }, true)).toMatchObject({ how: "create" });
  expect(offered("deal", {}, {}, true)).toMatchObject({ how: "create" });
});

it("a company is made only of a name, and nothing is made that may not be", () => {
  expect(offered("company", { company_title: " " }, {}, true).how).toBe("none");
  expect(offered("company", { company_title: "Acme" }, {}, true).how).toBe("create");
  expect(offered("deal", {}, {}, false).how).toBe("none");
});

it("a conversion says what to link and leaves something", () => {
  const none = { how: "none", fields: {} } as const;
  const link = { how: "link", fields: {} } as const;
  expect(convertible([none, none])).toBe(false);
  expect(convertible([link, { how: "create", fields: {} }])).toBe(false);
  expect(convertible([{ ...link, id: "a" }, none])).toBe(true);
  const choices = {
    contact: { ...link, id: "a" },
    company: none,
    deal: { how: "create", fields: { amount: 1 } } as const,
  };
  expect(inputOf(choices)).toEqual({
    contact: { link: "a" },
    company: "none",
    deal: { create: { amount: 1 } },
  });
});

it("missed fields are those of their record, and the deal is where one goes on", () => {
  expect(missedOf("deal", ["deal.amount", "contact.email", "stage"])).toEqual(["amount"]);
  expect(homeOf({ contact: "c", deal: "d" })).toEqual({ entity: "deal", id: "d" });
  expect(homeOf({ company: "k", deal: null })).toEqual({ entity: "company", id: "k" });
  expect(homeOf({})).toBeUndefined();
});

it("new records are called after what the lead says, else after the lead", () => {
  const lead = { title: "Ovens", first_name: "Anna", last_name: null, company_title: " " };
  expect(calledAfter("contact", lead)).toBe("Anna");
  expect(calledAfter("contact", { title: "Ovens" })).toBe("Ovens");
  expect(calledAfter("company", lead)).toBe("Ovens");
  expect(calledAfter("company", { ...lead, company_title: "Acme" })).toBe("Acme");
  expect(calledAfter("deal", lead)).toBe("Ovens");
});
