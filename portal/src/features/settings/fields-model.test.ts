import { describe, expect, it } from "vitest";
import {
  choicesOf,
  conditionsDraft,
  conditionsOf,
  freshField,
  measured,
  newField,
  openOf,
  ruleDraft,
  ruleOf,
  sameConditions,
} from "./fields-model";

describe("forms of fields and rules", () => {
  it("sends a formula only of types that have one", () => {
    const draft = {
      ...freshField(),
      label: { en: "Margin", ru: " ", uk: "" },
      source: "formula" as const,
      required: true,
    };
    const formula = "record.amount * 0.15";
    const money = newField({ ...draft, type: "money", formula, decimals: "2" }, "en");
    expect(money).toEqual({
      type: "money",
      label: { en: "Margin" },
      required: false,
      unique: false,
      choices: [],
      formula,
      decimals: 2,
      rollup: null,
    });
    expect(newField({ ...draft, type: "user", formula }, "en")).toMatchObject({
      formula: null,
      required: true,
    });
  });

  it("sends what is counted only of types that can be counted", () => {
    const rollup = { entity: "deal", via: "company", op: "count", field: "amount" };
    const draft = { ...freshField(), source: "rollup" as const, required: true, rollup };
    expect(newField({ ...draft, type: "integer" }, "en")).toMatchObject({
      required: false,
      formula: null,
      rollup: { entity: "deal", via: "company", op: "count" },
    });
    expect(newField({ ...draft, type: "text" }, "en")).toMatchObject({ rollup: null, required: true });
    expect(measured("avg", "duration", "decimal")).toBe(true);
    expect(measured("sum", "duration", "decimal")).toBe(false);
    expect(measured("sum", "integer", "money")).toBe(false);
  });

  it("tells records apart only by what people write of types that can be", () => {
    const draft = { ...freshField(), unique: true };
    expect(newField(draft, "en").unique).toBe(true);
    expect(newField({ ...draft, type: "money" }, "en").unique).toBe(false);
    expect(newField({ ...draft, source: "formula", formula: "'a'" }, "en").unique).toBe(false);
  });

  it("makes keys of choices that differ", () => {
    expect(choicesOf("Mill\n\n mill \nСтанок", "ru")).toEqual([
      { key: "mill", label: { ru: "Mill" } },
      { key: "mill_2", label: { ru: "mill" } },
      { key: "option_3", label: { ru: "Станок" } },
    ]);
  });

  it("takes what is empty for no condition", () => {
    const draft = conditionsDraft({ conditions: { visible: "true", options_when: { a: "false" } } });
    expect(conditionsOf({ ...draft, visible: " ", options_when: { a: " " } })).toEqual({ options_when: {} });
    expect(sameConditions(draft, { ...draft, required: " " })).toBe(true);
    expect(sameConditions(draft, { ...draft, required: "true" })).toBe(false);
  });

  it("keeps a rule as it was", () => {
    const rule = { name: "a", check: "true", message: { en: "no" }, warn: true, enabled: false };
    expect(ruleOf(ruleDraft(rule))).toEqual({ ...rule, when: undefined, field: undefined });
    expect(ruleDraft().enabled).toBe(true);
  });

  it("knows what is open", () => {
    expect(openOf(undefined)).toEqual({ entity: undefined });
    expect(openOf("deal")).toEqual({ entity: "deal" });
    expect(openOf("deal rule new")).toEqual({ entity: "deal", kind: "rule", key: "new" });
    expect(openOf("deal other x")).toEqual({ entity: "deal" });
  });
});
