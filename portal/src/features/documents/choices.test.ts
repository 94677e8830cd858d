import { describe, expect, it } from "vitest";
import type { OwnTemplate } from "@/api/own-templates";
import { askedBy, choicesOf } from "./choices";

const own = (id: string, more: Partial<OwnTemplate>): OwnTemplate => ({
  id,
  entity: "invoice",
  paper: "invoice",
  title: id,
  kind: "typ",
  version: 1,
  usual: false,
  file_name: `${id}.typ`,
  size: 10,
  unknown: [],
  updated_at: "2026-11-30T00:00:00Z",
  ...more,
});

describe("templates of a record", () => {
  it("are ours, then the company's, the usual one first", () => {
    const all = [
      own("a", {}),
      own("b", { usual: true }),
      own("c", { paper: "credit" }),
      own("d", { entity: "quote" }),
    ];
    const choices = choicesOf("invoice", { kind: "invoice" }, all);
    expect(choices.map(({ value }) => value)).toEqual(["b", "invoice", "act", "a"]);
    expect(choicesOf("invoice", { kind: "credit" }, all).map(({ value }) => value)).toEqual(["credit", "c"]);
    expect(askedBy(choices[0])).toEqual({ own: "b" });
    expect(askedBy(choices[1])).toEqual({ template: "invoice" });
    expect(askedBy(undefined)).toEqual({});
  });

  it("are only the company's own where the record is no document of sale", () => {
    const all = [own("a", { entity: "deal", paper: null, kind: "docx" }), own("b", {})];
    expect(choicesOf("deal", {}, all)).toEqual([{ value: "a", own: "a", title: "a", word: true }]);
    expect(choicesOf("contact", {}, all)).toEqual([]);
  });
});
