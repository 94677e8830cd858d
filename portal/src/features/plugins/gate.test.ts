import { expect, it } from "vitest";
import { draftOf, goneOf, markOf } from "./gate";

const sales = { id: "a", name: "Sales" };
const service = { id: "b", name: "Service" };
const gone = { id: "c", name: null };

it("begins as it stands, without the departments that are gone", () => {
  expect(draftOf(null)).toEqual({ everybody: true, named: [], base: "everybody" });
  expect(draftOf([service, gone])).toEqual({ everybody: false, named: ["b"], base: "b c" });
  expect(goneOf([service, gone])).toBe(1);
});

it("tells whether it stands as before, in whichever order", () => {
  expect(markOf([sales, service])).toBe(markOf([service, sales]));
  expect(markOf([])).not.toBe(markOf(null));
  expect(markOf([sales])).not.toBe(markOf([sales, service]));
});
