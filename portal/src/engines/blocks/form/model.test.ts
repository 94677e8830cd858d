import { describe, expect, it } from "vitest";
import type { Fields } from "@/api/types";
import { environmentOf } from "@/engines/blocks/environment";
import type { Computed, Input } from "@/engines/blocks/tree";
import { type Asked, changed, fieldOfInput, judge, reasonsOf, sentOf } from "./model";

const form = (field: string) => ({ get: [{ name: "form" }, field] as [{ name: string }, string] });
const equals = (field: string, value: string): Computed => ({ "=": { call: ["==", form(field), value] } });
const ask = (name: string, rest: Partial<Input> = {}): Asked => {
  const input: Input = { name, label: name, ...rest };
  return { name, input, field: fieldOfInput(input, name, []) };
};

const asked = [
  ask("kind", { required: true }),
  ask("why", { required: true, when: equals("kind", "unpaid") }),
  ask("days", { type: "integer", required: true, min: 1, max: 31 }),
  ask("head", { reset_on: ["kind"] }),
  ask("note"),
];
const steps = [
  { id: "what", title: "What", fields: ["kind", "why"] },
  { id: "who", title: "Who", fields: ["head"], when: equals("kind", "unpaid") },
  { id: "rest", title: "Rest", fields: ["days", "note"] },
];
const look = (values: Fields) => {
  const environment = environmentOf({
    today: "2026-03-18",
    params: {},
    state: {},
    sources: {},
    form: values,
  });
  const judged = judge({ steps }, asked, environment);
  return { judged, reasons: reasonsOf(judged, values, environment), sent: sentOf(judged, values, {}) };
};

it("what the server sets by itself of a new record is not demanded; of a record that is changed it is", () => {
  const own: Asked = {
    name: "days",
    field: {
      ...fieldOfInput({ name: "days", label: "Days", type: "integer" }, "Days", []),
      required: true,
      default: 1,
    },
  };
  const environment = environmentOf({ today: "2026-03-18", params: {}, state: {}, sources: {}, form: {} });
  expect(judge({}, [own], environment).required.has("days")).toBe(false);
  expect(judge({}, [own], environment, false).required.has("days")).toBe(true);
});

describe("a wizard", () => {
  it("asks what its answers call for", () => {
    expect(
      look({ kind: "paid" }).judged.steps.map(({ id, asked: fields }) => [
        id,
        fields.map(({ name }) => name),
      ]),
    ).toEqual([
      ["what", ["kind"]],
      ["rest", ["days", "note"]],
    ]);
    expect(look({ kind: "unpaid" }).judged.steps.map(({ id }) => id)).toEqual(["what", "who", "rest"]);
  });
  it("neither requires nor sends what is hidden, and keeps it", () => {
    const values = { kind: "paid", why: "a long story", head: "h1", days: 3 };
    const { judged, reasons, sent } = look(values);
    expect(judged.required.has("why")).toBe(false);
    expect([...reasons.keys()]).toEqual([]);
    expect(sent).toEqual({ kind: "paid", days: 3 });
    const back = changed(asked, values, "kind", "unpaid");
    expect(back.why).toBe("a long story");
    expect(look({ ...back, head: "h1" }).sent).toEqual({
      kind: "unpaid",
      why: "a long story",
      head: "h1",
      days: 3,
    });
  });
  it("says what is missing, out of bounds or cannot be read", () => {
    const { reasons } = look({ kind: "unpaid", days: 40, note: { $unread: "??" } });
    expect(Object.fromEntries(reasons)).toEqual({
      why: { key: "needed" },
      days: { key: "too_big", bound: 31 },
      note: { key: "unread" },
    });
  });
  it("empties what hangs on an answer that changed", () => {
    expect(changed(asked, { kind: "paid", head: "h1" }, "kind", "unpaid")).toEqual({
      kind: "unpaid",
      head: null,
    });
  });
  it("leaves to the host what it cannot judge", () => {
    const rule = { "=": { call: [">", { get: [{ name: "record" }, "x"] }, 1] } } as never;
    const environment = environmentOf({ today: "2026-03-18", params: {}, state: {}, sources: {}, form: {} });
    const judged = judge({}, [ask("a", { check: [{ rule, text: "No." }] })], environment);
    expect(reasonsOf(judged, { a: "b" }, environment, [{ rule, text: "No." }]).size).toBe(0);
  });
});

describe("inputs that are no field types", () => {
  const own = [
    ask("when", { type: "period", required: true }),
    ask("lines", {
      type: "rows",
      fields: [
        { name: "what", label: "What", required: true },
        { name: "count", label: "Count", type: "integer" },
      ],
    }),
  ];
  const look = (values: Fields) => {
    const environment = environmentOf({
      today: "2026-03-18",
      params: {},
      state: {},
      sources: {},
      form: values,
    });
    const judged = judge({}, own, environment);
    return {
      reasons: Object.fromEntries(reasonsOf(judged, values, environment)),
      sent: sentOf(judged, values, {}),
    };
  };
  it("want both ends of a period, in their order", () => {
    expect(look({}).reasons).toEqual({ when: { key: "needed" } });
    expect(look({ when: { from: "2026-03-02" } }).reasons).toEqual({ when: { key: "needed" } });
    expect(look({ when: { from: "2026-03-02", to: "2026-03-01" } }).reasons).toEqual({
      when: { key: "backwards" },
    });
    expect(look({ when: { from: "2026-03-02", to: "2026-03-02" } }).reasons).toEqual({});
  });
  it("send rows that are filled, and name the one that is not", () => {
    const when = { from: "2026-03-02", to: "2026-03-02" };
    expect(look({ when, lines: [{ what: "a", count: 2 }, {}] }).sent.lines).toEqual([
      { what: "a", count: 2 },
    ]);
    expect(look({ when, lines: [{ what: "a" }, { count: 2 }] }).reasons).toEqual({
      lines: { key: "row", row: 2, name: "what" },
    });
  });
});

it("a form waits for its files, and is sent with what was given for them", () => {
  const photos = [ask("photos", { type: "file", max: 3 })];
  const environment = environmentOf({ today: "2026-03-18", params: {}, state: {}, sources: {}, form: {} });
  const judged = judge({}, photos, environment);
  const there = { key: "a", name: "a.png", upload: "one" };
  const coming = { photos: [there, { key: "b", name: "b.png" }] } as unknown as Fields;
  expect(reasonsOf(judged, coming, environment).get("photos")).toEqual({ key: "sending" });
  const whole = { photos: [there] } as unknown as Fields;
  expect(reasonsOf(judged, whole, environment).size).toBe(0);
  expect(sentOf(judged, whole, {})).toEqual({ photos: ["one"] });
  expect(sentOf(judged, { photos: [] }, {})).toEqual({});
});
