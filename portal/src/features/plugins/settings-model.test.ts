import { describe, expect, it } from "vitest";
import type { Entity, PluginSetting, Role } from "@/api/types";
import { entityOptions, flawsOf, isChanged, payloadOf, roleOptions, startValues } from "./settings-model";

const setting = (
  key: string,
  type: PluginSetting["type"],
  rest: Partial<PluginSetting> = {},
): PluginSetting => ({
  key,
  type,
  label: key,
  required: false,
  ...rest,
});

const schema = [
  setting("country", "choice", { default: "RU" }),
  setting("role", "role"),
  setting("hours", "integer", { default: 24, min: 0, max: 720 }),
  setting("imports", "boolean", { default: false }),
  setting("token", "secret", { required: true }),
];

describe("settings of a plugin", () => {
  it("start with what is in force, then the default, then nothing", () => {
    expect(startValues(schema, { country: "UA", hours: 0 })).toEqual({
      country: "UA",
      role: null,
      hours: 0,
      imports: false,
      token: null,
    });
  });

  it("send what is filled and leave the blank to the default", () => {
    const values = { country: "RU", role: " ", hours: 0, imports: undefined, token: "" };
    expect(payloadOf(schema, values)).toEqual({ country: "RU", hours: 0, imports: false });
  });

  it("never send what the plugin did not ask for", () => {
    expect(payloadOf(schema, { other: 1, imports: true })).toEqual({ imports: true });
  });

  it("tell what is wrong before the server does", () => {
    expect(flawsOf(schema, { hours: 721 }, false)).toEqual({ hours: "range", token: "required" });
    expect(flawsOf(schema, { hours: 1.5, token: "s" }, false)).toEqual({ hours: "whole" });
    expect(flawsOf([setting("name", "text", { required: true, default: "x" })], {}, false)).toEqual({});
  });

  it("do not ask again for a secret the server holds", () => {
    expect(flawsOf(schema, {}, true)).toEqual({});
  });

  it("count as changed only when what is sent differs", () => {
    const values = startValues(schema, { hours: 24 });
    expect(isChanged(schema, values, { hours: 24 })).toBe(false);
    expect(isChanged(schema, { ...values, role: "" }, { hours: 24 })).toBe(false);
    expect(isChanged(schema, { ...values, token: "new" }, { hours: 24 })).toBe(true);
  });

  it("offer roles by key and keep one written by its id", () => {
    const roles = [
      { id: "r1", key: "sales", name: "Sales", admin: false, rows: [], field_rights: [], problems: [] },
    ] as Role[];
    expect(roleOptions(roles, "sales")).toEqual([{ value: "sales", label: "Sales" }]);
    expect(roleOptions(roles, "r1")).toContainEqual({ value: "r1", label: "Sales" });
    expect(roleOptions(roles, "gone")).toContainEqual({ value: "gone", label: "gone" });
  });

  it("offer stages once and keep a field that is gone", () => {
    const entity = {
      fields: [{ key: "amount", label: "Amount" }],
      pipelines: [
        { stages: [{ key: "new", name: "New" }] },
        {
          stages: [
            { key: "new", name: "New" },
            { key: "won", name: "Won" },
          ],
        },
      ],
    } as unknown as Entity;
    const stage = setting("begin", "stage", { entity: "deal" });
    expect(entityOptions(entity, stage, null).map(({ value }) => value)).toEqual(["new", "won"]);
    expect(entityOptions(entity, setting("sum", "field"), "gone")).toEqual([
      { value: "amount", label: "Amount" },
      { value: "gone", label: "gone" },
    ]);
    expect(entityOptions(undefined, stage, null)).toEqual([]);
  });
});
