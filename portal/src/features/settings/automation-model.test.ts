import { describe, expect, it } from "vitest";
import type { Field } from "@/api/types";
import type { AutomationRule } from "./automation-api";
import {
  actionDraft,
  freshAction,
  peopleOf,
  peopleText,
  readValue,
  ruleDraft,
  ruleOf,
  swapped,
} from "./automation-model";

const fields = [
  { key: "title", type: "text" },
  { key: "amount", type: "money" },
  { key: "done", type: "boolean" },
] as Field[];
const fieldsOf = () => fields;
const there = (rule: AutomationRule) => ruleOf(ruleDraft(rule), "deal", fieldsOf);

describe("a rule in its form", () => {
  it("comes back as it was", () => {
    const rule: AutomationRule = {
      name: "won",
      on: { event: "stage_entered", stage: "won" },
      when: "record.amount > 5",
      once: true,
      delay: "P1D",
      do: [
        {
          kind: "task",
          parameters: { title: "Thank {{record.title}}", executors: "owner, role:sales_head" },
        },
        { kind: "set-fields", parameters: { amount: 5, done: true, title: null } },
        { kind: "create-record", parameters: { entity: "lead", title: "=record.title" } },
        { kind: "plugin:acme/act", parameters: { deep: { list: [1] } } },
      ],
      as: "actor",
      enabled: false,
    };
    expect(there(rule)).toEqual(rule);
  });
  it("is sent without what does not belong to its event", () => {
    const draft = {
      ...ruleDraft(),
      name: "a",
      stage: "won",
      after: "P1D",
      fields: ["title"],
      once: true,
      delay: "P1D",
    };
    expect(ruleOf({ ...draft, event: "created" }, "deal", fieldsOf).on).toEqual({ event: "created" });
    const updated = ruleOf({ ...draft, event: "updated" }, "deal", fieldsOf);
    expect([updated.on, updated.delay]).toEqual([{ event: "updated", fields: ["title"] }, "P1D"]);
    const stuck = ruleOf({ ...draft, event: "stuck" }, "deal", fieldsOf);
    expect([stuck.on, stuck.once, stuck.delay]).toEqual([
      { event: "stuck", stage: "won", after: "P1D" },
      false,
      undefined,
    ]);
  });
  it("of a button and of a schedule comes back as it was", () => {
    const rule: AutomationRule = {
      name: "b",
      on: { event: "button", label: { en: "Remind", uk: "Нагадати" }, roles: ["sales_manager"] },
      once: false,
      do: [{ kind: "notice", parameters: { to: "owner", text: "x" } }],
      as: "rule",
      enabled: true,
    };
    expect(there(rule)).toEqual(rule);
    const filter = { field: "amount", op: "gt", value: 5 };
    const timed: AutomationRule = {
      ...rule,
      on: { event: "schedule", cron: "0 9 * * 1-5", filter, most: 20 },
    };
    expect(there(timed)).toEqual(timed);
    const all: AutomationRule = { ...rule, on: { event: "schedule", cron: "0 9 * * *" } };
    expect(there(all)).toEqual(all);
  });
  it("of a webhook says which record is meant, and what a new one has", () => {
    const rule: AutomationRule = {
      name: "site",
      on: { event: "webhook", record: "vars.id", make: { title: "=vars.name", amount: 5, done: true } },
      once: false,
      do: [{ kind: "notice", parameters: { to: "owner", text: "x" } }],
      as: "rule",
      enabled: true,
    };
    expect(there(rule)).toEqual(rule);
    const empty = { ...ruleDraft(rule), record: " ", make: [], acts: "actor" as const };
    expect(ruleOf(empty, "deal", fieldsOf)).toMatchObject({ on: { event: "webhook" }, as: "rule" });
  });
  it("sends no empty words of a button", () => {
    const draft = { ...ruleDraft(), event: "button" as const, label: { en: " Go ", ru: " " }, roles: ["a"] };
    expect(ruleOf(draft, "deal", fieldsOf).on).toEqual({
      event: "button",
      label: { en: "Go" },
      roles: ["a"],
    });
  });
  it("keeps links, papers, messages and scripts as they were written", () => {
    const actions: AutomationRule["do"] = [
      { kind: "script", parameters: { script: "record.amount * 2.0" } },
      { kind: "link", parameters: { field: "contacts", to: "=results[0]" } },
      { kind: "unlink", parameters: { field: "contacts", to: "=record.contacts", id: "=record.id" } },
      { kind: "document", parameters: {} },
      { kind: "document", parameters: { template: "Contract", locale: "uk" } },
      { kind: "message", parameters: { message: "paid", key: "{{record.title}}", sum: "=record.amount" } },
    ];
    const draft = { ...ruleDraft(), actions: actions.map(actionDraft) };
    expect(ruleOf(draft, "deal", fieldsOf).do).toEqual(actions);
  });
  it("leaves out rows without a field", () => {
    const draft = { ...ruleDraft(), actions: [freshAction("set-fields")] };
    expect(ruleOf(draft, "deal", fieldsOf).do).toEqual([{ kind: "set-fields", parameters: {} }]);
  });
});

describe("values", () => {
  it("are of their field's type unless they are expressions", () => {
    const of = (type: string, text: string) => readValue({ type } as Field, text);
    expect(of("text", "5")).toBe("5");
    expect(of("integer", "5")).toBe(5);
    expect(of("money", "5,5")).toBe(5.5);
    expect(of("money", "much")).toBe("much");
    expect(of("money", "=record.amount * 2")).toBe("=record.amount * 2");
    expect(of("boolean", "true")).toBe(true);
    expect(of("choices", "a, b")).toEqual(["a", "b"]);
    expect(of("text", " ")).toBeNull();
  });
});

describe("people", () => {
  it("are told from addresses written by hand", () => {
    expect(peopleOf("client, a@b.test, user:c@d.test")).toEqual({
      people: ["client", "user:c@d.test"],
      others: "a@b.test",
    });
    expect(peopleText(["owner"], " a@b.test ")).toBe("owner, a@b.test");
    expect(peopleText([], "")).toBe("");
  });
});

it("rows change places with their neighbours alone", () => {
  expect(swapped(["a", "b"], 0, 1)).toEqual(["b", "a"]);
  expect(swapped(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});
