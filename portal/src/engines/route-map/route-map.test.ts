// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Task, Visit } from "@/api/types";
import { byEntity } from "@/engines/titles";
import { nameOf, readDrawing, stepsOf } from "./drawing";
import { sightsOf, sightsOfPath, sightsOfProblems, standingOf } from "./states";

const file = (inner: string) => `<?xml version="1.0"?>
<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1"
  xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" targetNamespace="x">${inner}</b:definitions>`;

const flow = (id: string, from: string, to: string) =>
  `<b:sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}"/>`;

const purchase = file(`<b:process id="p" name="Purchase">
  <b:documentation>From request to goods.</b:documentation>
  <b:endEvent id="end" name="Shipped"/>
  <b:userTask id="pay" name="Payment
    confirmed"/>
  <b:userTask id="solution" name="Solution" v:executors="role:tech" v:duration="P1D"/>
  <b:exclusiveGateway id="gate"/>
  <b:boundaryEvent id="late" name="Too late" attachedToRef="solution"/>
  <b:startEvent id="begin" name="Request"/>
  ${flow("f1", "begin", "solution")}${flow("f2", "solution", "gate")}${flow("f3", "gate", "pay")}
  ${flow("f4", "pay", "end")}${flow("f5", "gate", "solution")}
</b:process>`);

describe("a drawing read as a list of steps", () => {
  it("follows the arrows whatever the order in the file, and leaves nameless questions out", () => {
    const drawing = readDrawing(purchase);
    expect(stepsOf(drawing).map(({ name }) => name)).toEqual([
      "Request",
      "Solution",
      "Payment confirmed",
      "Shipped",
      "Too late",
    ]);
    expect(drawing.nodes.get("solution")).toMatchObject({ executors: "role:tech", duration: "P1D" });
    expect(drawing.nodes.get("p")?.documentation).toBe("From request to goods.");
    expect([drawing.drawn, nameOf(drawing, "pay"), nameOf(drawing, "gone")]).toEqual([
      false,
      "Payment confirmed",
      "gone",
    ]);
  });

  it("of what is no XML is empty, not an error", () => {
    expect(readDrawing("<not").order).toEqual([]);
  });
});

const visit = (element: string, outcome = "completed"): Visit =>
  ({ element, outcome, entered: "2026-05-04T09:00:00Z", left: "2026-05-04T10:00:00Z" }) as Visit;
const active = (element: string, kind = "task") => ({
  element,
  kind,
  name: element,
  wait: 1,
  since: "2026-05-04T10:00:00Z",
});

describe("how each element stands", () => {
  const now = new Date("2026-05-05T15:00:01Z");

  it("exactly one is current; a step returned to is current, not done", () => {
    const instance = { state: "active", active: [active("solution")], incidents: [] } as never;
    const sights = sightsOf(
      instance,
      [visit("begin"), visit("solution"), visit("skipped", "skipped")],
      [],
      now,
    );
    expect([...sights].map(([element, { state, visits }]) => [element, state, visits])).toEqual([
      ["begin", "done", 1],
      ["solution", "current", 1],
      ["skipped", "skipped", 1],
    ]);
  });

  it("is overdue a second after its deadline, and waits where nobody has to do anything", () => {
    const instance = {
      state: "active",
      active: [active("pay"), active("timer", "timer")],
      incidents: [],
    } as never;
    const task = { element: "pay", state: "open", due: "2026-05-05T15:00:00Z", assignee: "u1" } as Task;
    const sights = sightsOf(instance, [], [task], now);
    expect([sights.get("pay")?.state, sights.get("pay")?.assignee, sights.get("timer")?.state]).toEqual([
      "overdue",
      "u1",
      "waiting",
    ]);
    expect(sightsOf(instance, [], [task], new Date("2026-05-05T14:59:59Z")).get("pay")?.state).toBe(
      "current",
    );
  });

  it("an incident covers everything, and what is over stands nowhere", () => {
    const incidents = [{ id: 1, element: "pay", message: "no mail server", since: "" }];
    const running = { state: "active", active: [active("pay")], incidents } as never;
    expect(sightsOf(running, [], [], now).get("pay")).toMatchObject({
      state: "incident",
      message: "no mail server",
    });
    expect(standingOf(running).map(({ element, incident }) => [element, incident?.id])).toEqual([["pay", 1]]);
    const over = { state: "completed", active: [active("pay")], incidents: [] } as never;
    expect(sightsOf(over, [visit("pay")], [], now).get("pay")?.state).toBe("done");
  });

  it("an error covers a warning; of a path the first visit numbers it", () => {
    const both = sightsOfProblems([
      { element: "a", severity: "error", message: "e" },
      { element: "a", severity: "warning", message: "w" },
      { element: "", severity: "error", message: "file" },
    ]);
    expect([...both]).toEqual([["a", { state: "problem", visits: 0, message: "e" }]]);
    const path = sightsOfPath(["a", "b", "a"], [{ element: "c", message: "no role" }]);
    expect(path.get("a")).toMatchObject({ state: "path", step: 1, visits: 2 });
    expect(path.get("c")?.state).toBe("problem");
  });
});

it("records of one entity are asked for once, in a steady order", () => {
  const refs = [
    { entity: "lead", id: "2" },
    null,
    { entity: "deal", id: "1" },
    { entity: "lead", id: "1" },
    { entity: "lead", id: "2" },
  ];
  expect(byEntity(refs)).toEqual([
    ["deal", ["1"]],
    ["lead", ["1", "2"]],
  ]);
});
