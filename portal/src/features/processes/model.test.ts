import { expect, it } from "vitest";
import { speaksOfRecord } from "./model";

it("knows a process that needs a record by its formulas", () => {
  expect(speaksOfRecord('<v:param name="subject">="Quote: " + record.title</v:param>')).toBe(true);
  expect(speaksOfRecord('<v:field name="record.amount"/>')).toBe(true);
  expect(speaksOfRecord('<bpmn:serviceTask v:service="update-record" name="A record."/>')).toBe(false);
  expect(speaksOfRecord(undefined)).toBe(false);
});
