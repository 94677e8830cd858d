import { expect, it } from "vitest";
import type { Entity } from "@/api/types";
import { askedOf, begins, factsOf, linksTo, titleOfList } from "./related";

const link = (key: string, type: string, entities: string[]) => ({ key, label: `By ${key}`, type, entities });
const deal = {
  key: "deal",
  label_plural: "Deals",
  title_field: "title",
  layout: { list: ["title", "owner"], card: [], sections: [] },
  fields: [
    { key: "title", label: "Title", type: "text" },
    { key: "amount", label: "Amount", type: "money" },
    { key: "currency", label: "Currency", type: "currency", part_of: "amount" },
    { key: "stage", label: "Stage", type: "stage" },
    link("company", "link", ["company"]),
    link("partners", "links", ["company", "contact"]),
  ],
} as unknown as Entity;

it("asks for the newest that link to the record, an amount with its currency", () => {
  const asked = askedOf(
    { entity: "deal", via: "company", columns: ["amount", "gone"], limit: 3 },
    deal,
    "one",
  );
  expect(asked.filter).toEqual({ field: "company", op: "in", value: ["one"] });
  expect(asked.limit).toBe(3);
  expect(asked.fields).toEqual(["title", "amount", "currency", "stage"]);
  // Without columns the title stands alone, not what lists have.
  expect(factsOf({ entity: "deal", via: "company" }, deal)).toEqual([]);
  expect(askedOf({ entity: "deal", via: "company" }, deal, "one").limit).toBe(10);
});

it("says by which field they link only where there are several", () => {
  expect(linksTo(deal, "company").map(({ key }) => key)).toEqual(["company", "partners"]);
  expect(titleOfList({ via: "partners" }, deal, "company")).toBe("Deals: By partners");
  expect(titleOfList({ via: "partners" }, deal, "contact")).toBe("Deals");
});

it("begins a new record with the link", () => {
  expect(begins({ entity: "deal", via: "company" }, deal, "one")).toEqual({ company: "one" });
  expect(begins({ entity: "deal", via: "partners" }, deal, "one")).toEqual({ partners: ["one"] });
});
