import { expect, test } from "vitest";
import type { Entity } from "@/api/types";
import { eventChoices, hostOf, openedOf } from "./webhook-model";

const stage = (key: string, name: string) => ({ key, name });
const deal = {
  key: "deal",
  label: "Deal",
  label_plural: "Deals",
  pipelines: [{ stages: [stage("new", "New"), stage("won", "Won")] }, { stages: [stage("won", "Won too")] }],
} as unknown as Entity;
const words = { happened: (what: string) => what, entered: (name: string) => `enters ${name}` };

test("an entity's events are its changes and its stages, each once", () => {
  const [group] = eventChoices([deal], [], words);
  expect(group).toEqual({
    group: "Deals",
    items: [
      { value: "deal.*", label: "Deal: any" },
      { value: "deal.created", label: "Deal: created" },
      { value: "deal.updated", label: "Deal: updated" },
      { value: "deal.deleted", label: "Deal: deleted" },
      { value: "deal.restored", label: "Deal: restored" },
      { value: "deal.stage:new", label: "Deal: enters New" },
      { value: "deal.stage:won", label: "Deal: enters Won" },
    ],
  });
});

test("what was chosen elsewhere stays among the choices", () => {
  const choices = eventChoices([deal], ["invoice.paid", "deal.created"], words);
  expect(choices.slice(1)).toEqual([{ value: "invoice.paid", label: "invoice.paid" }]);
});

test("the address says what is open", () => {
  expect(openedOf(undefined)).toEqual({});
  expect(openedOf("new")).toEqual({ form: "new" });
  expect(openedOf("sent 1")).toEqual({ sent: "1" });
});

test("only the server of an address is shown", () => {
  expect(hostOf("https://hooks.example.com:8443/secret?token=1")).toBe("hooks.example.com:8443");
  expect(hostOf("nonsense")).toBe("nonsense");
});
