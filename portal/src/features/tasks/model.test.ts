import { describe, expect, it } from "vitest";
import { sameValue } from "@/api/save";
import type { Entity, Me, Task, TaskEvent } from "@/api/types";
import { isListed, listOf } from "./inbox";
import {
  abilitiesOf,
  addressesOf,
  answersOf,
  blockersOf,
  fieldsOf,
  groupsOf,
  presetOf,
  whenOf,
} from "./model";
import { deedOf, isComment } from "./talk";

const words = { yes: "Yes", no: "No" };

function taskOf(more: Partial<Task>): Task {
  return {
    id: "t1",
    version: 1,
    title: "Prepare technical solution",
    description: "",
    state: "open",
    executors: [],
    created: "",
    updated: "",
    overdue: false,
    reminders_sent: 0,
    required: [],
    form: [],
    variables: {},
    checklist: [],
    votes: { needed: 1, done: 0 },
    ...more,
  } as Task;
}

const person = (id: string, roles: string[] = [], admin = false) =>
  ({ user: { id }, roles: roles.map((key) => ({ key })), admin }) as unknown as Me;

const deal = {
  key: "deal",
  fields: [{ key: "amount", type: "money", label: "Amount", required: false, read_only: false }],
} as unknown as Entity;

describe("the form of a task", () => {
  const task = taskOf({
    form: [
      { name: "record.amount", kind: "number", required: true },
      { name: "accepted", label: "The dealer buys", kind: "boolean", required: true },
      { name: "why", kind: "text", value: "late" as never },
    ],
    variables: { accepted: false },
  });

  it("asks the subject's fields with the subject's own editors", () => {
    const fields = fieldsOf(task, deal, words);
    expect(fields.map(({ key, type, label, required }) => ({ key, type, label, required }))).toEqual([
      { key: "record.amount", type: "money", label: "Amount", required: true },
      { key: "accepted", type: "choice", label: "The dealer buys", required: true },
      { key: "why", type: "long_text", label: "why", required: false },
    ]);
  });

  it("begins with what the record, the process and the person said before", () => {
    expect(presetOf(task, { amount: 500 })).toEqual({
      "record.amount": 500,
      accepted: "false",
      why: "late",
    });
  });

  it("sends yes and no as such, and of the subject only what was changed", () => {
    const preset = presetOf(task, { amount: 500 });
    expect(answersOf(task, { ...preset, accepted: "true" }, preset, sameValue)).toEqual({
      accepted: true,
      why: "late",
    });
    expect(answersOf(task, { ...preset, "record.amount": 700 }, preset, sameValue)).toMatchObject({
      "record.amount": 700,
    });
  });
});

describe("what keeps a task from being finished", () => {
  const letter = { kind: "email", done: false, required: true, parameters: {} };

  it("is named: the letter and each empty field that is required", () => {
    const task = taskOf({
      main_action: letter,
      form: [{ name: "solution", label: "Technical solution", kind: "text", required: true }],
    });
    const fields = fieldsOf(task, undefined, words);
    expect(blockersOf(task, fields, {})).toEqual([
      { code: "action" },
      { code: "field", field: "solution", label: "Technical solution" },
    ]);
    expect(blockersOf(task, fields, { solution: "Pumps" })).toEqual([{ code: "action" }]);
  });

  it("is nothing when the letter went out, and patience while it is on its way", () => {
    expect(blockersOf(taskOf({ main_action: { ...letter, done: true } }), [], {})).toEqual([]);
    expect(blockersOf(taskOf({ main_action: { ...letter, state: "queued" } }), [], {})).toEqual([
      { code: "sending" },
    ]);
  });

  it("is not the approval itself: finishing gives it", () => {
    expect(blockersOf(taskOf({ main_action: { ...letter, kind: "approve" } }), [], {})).toEqual([]);
  });
});

describe("what is offered to a person", () => {
  const offered = taskOf({ executors: [{ role: "lawyer" }] });

  it("a task of their role can be taken; one in other hands is looked at", () => {
    expect(abilitiesOf(offered, person("u1", ["lawyer"]))).toMatchObject({ claim: true, act: true });
    expect(abilitiesOf({ ...offered, assignee: "u2" }, person("u1", ["lawyer"]))).toEqual({
      act: false,
      claim: false,
      release: false,
      delegate: false,
      cancel: false,
      review: false,
    });
  });

  it("whoever gave it says whether what was done is good, and nobody else", () => {
    const done = { ...offered, state: "review" as const, creator: "u1", assignee: "u2" };
    expect(abilitiesOf(done, person("u1", []))).toMatchObject({ review: true, act: false, cancel: false });
    expect(abilitiesOf(done, person("u2", [])).review).toBe(false);
    expect(abilitiesOf({ ...done, state: "open" }, person("u1", [])).review).toBe(false);
  });

  it("one's own can be given back and handed over; a task by hand its maker may cancel", () => {
    const mine = { ...offered, assignee: "u1" };
    expect(abilitiesOf(mine, person("u1"))).toMatchObject({ release: true, delegate: true, cancel: false });
    expect(abilitiesOf({ ...mine, creator: "u1" }, person("u1")).cancel).toBe(true);
    expect(abilitiesOf({ ...mine, creator: "u1", instance: "i1" }, person("u1")).cancel).toBe(false);
  });

  it("offers nothing to an administrator who looks as somebody else", () => {
    const mine = taskOf({ state: "open", assignee: "u1", creator: "u1" });
    const viewing = { by: "u9", name: "Ada", until: "2026-11-30T12:00:00Z" };
    const offered = abilitiesOf(mine, { ...person("u1", []), viewing });
    expect(Object.values(offered).some(Boolean)).toBe(false);
  });

  it("nothing of a task that is over", () => {
    const over = abilitiesOf(taskOf({ state: "completed", assignee: "u1" }), person("u1", [], true));
    expect(Object.values(over).some(Boolean)).toBe(false);
  });
});

describe("deadlines", () => {
  const now = new Date(2026, 4, 6, 15, 0);
  const at = (day: number, hour: number) => new Date(2026, 4, day, hour).toISOString();

  it("stand under the reader's own days", () => {
    expect(
      [at(6, 14), at(6, 16), at(7, 1), at(12, 9), at(20, 9), null].map((due) => whenOf(due, now)),
    ).toEqual(["overdue", "today", "tomorrow", "week", "later", "none"]);
  });

  it("the most urgent come first, and a done task is late no more", () => {
    const tasks = [
      taskOf({ id: "a", due: at(20, 9) }),
      taskOf({ id: "b", due: at(6, 9) }),
      taskOf({ id: "c", due: at(6, 9), state: "completed" }),
    ];
    expect(groupsOf(tasks, now).map(({ when, tasks }) => [when, tasks.map(({ id }) => id)])).toEqual([
      ["overdue", ["b"]],
      ["later", ["a"]],
      ["none", ["c"]],
    ]);
  });
});

describe("views of the inbox", () => {
  it("ask for exactly what they are called", () => {
    expect(listOf({})).toEqual({ state: "open", sort: "due", assignee: "me", q: undefined });
    expect(listOf({ view: "take" })).toMatchObject({ assignee: "none", candidate: "me" });
    expect(listOf({ view: "given", show: "completed" })).toMatchObject({ creator: "me", state: "completed" });
    expect(listOf({ view: "team", person: "u2", show: "overdue" })).toMatchObject({
      assignee: "u2",
      overdue: true,
    });
  });

  it("asks of my people together exactly what their counters count, and nothing until one is pressed", () => {
    expect([isListed({ view: "team" }), isListed({ view: "team", show: "completed" })]).toEqual([
      false,
      false,
    ]);
    expect(isListed({ view: "team", person: "u2" }) && isListed({})).toBe(true);
    for (const show of ["open", "overdue", "violations"] as const) {
      expect(isListed({ view: "team", show })).toBe(true);
      expect(listOf({ view: "team", show })).toEqual({
        counter: show,
        of: "team",
        sort: "due",
        q: undefined,
      });
    }
    expect(listOf({ view: "team", person: "u2", show: "violations" })).toMatchObject({ of: "u2" });
  });
});

describe("the history", () => {
  const event = (kind: string, changes: object) =>
    ({ id: 1, at: "", event: kind, actor: { kind: "user" }, changes }) as unknown as TaskEvent;
  const note = { before: null, after: "Ask Ivanov" };

  it("tells what was said from what was done", () => {
    expect(isComment(event("task.updated", { note, updated_at: {} }))).toBe(true);
    expect(isComment(event("task.updated", { note, assignee: {} }))).toBe(false);
    expect(isComment(event("task.completed", { note }))).toBe(false);
  });

  it("names a reminder, a deadline that passed, a letter", () => {
    expect(deedOf(event("task.updated", { reminders_sent: {} }))).toBe("reminded");
    expect(deedOf(event("task.updated", { overdue: {}, updated_at: {} }))).toBe("late");
    expect(deedOf(event("task.updated", { main_action: {} }))).toBe("letter");
    expect(deedOf(event("task.updated", { due: {} }))).toBe("changed");
  });
});

it("addresses are read as people write them", () => {
  expect(addressesOf(" a@x.org; b@y.org,\nc@z.org ")).toEqual(["a@x.org", "b@y.org", "c@z.org"]);
  expect(addressesOf(null)).toEqual([]);
});
