import { expect, it } from "vitest";
import type { RecordData } from "@/api/types";
import { groupsOf, narrow, textsOf } from "./narrow";

const row = (id: string, status: string, title: string): RecordData => ({
  id,
  version: 1,
  entity: "request",
  fields: { status, title },
});
const rows = [
  row("1", "new", "Pump"),
  row("2", "", "Fan 10"),
  row("3", "done", "Fan 9"),
  row("4", "new", "Duct"),
];
const text = (record: RecordData, key: string) => String(record.fields[key] ?? "");
const ids = (records: RecordData[]) => records.map(({ id }) => id).join(" ");

it("keeps rows that have one of the texts and the words", () => {
  expect(ids(narrow(rows, {}, text))).toBe("1 2 3 4");
  expect(ids(narrow(rows, { status: ["new", "done"], title: "" }, text))).toBe("1 3 4");
  expect(ids(narrow(rows, { status: ["new"], title: "duc" }, text))).toBe("4");
});

it("offers what there is and groups by it, without a text last", () => {
  expect(textsOf(rows, "title", text)).toEqual(["Duct", "Fan 9", "Fan 10", "Pump"]);
  expect(groupsOf(rows, "status", text).map(({ label, records }) => `${label}: ${ids(records)}`)).toEqual([
    "new: 1 4",
    "done: 3",
    ": 2",
  ]);
});
