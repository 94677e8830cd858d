import { describe, expect, it } from "vitest";
import {
  choicesOf,
  conditionsDraft,
  conditionsOf,
  freshField,
  measured,
  namedType,
  newField,
  openOf,
  retypeChoices,
  rollupGaps,
  ruleDraft,
  ruleOf,
  sameConditions,
  targetsOf,
} from "./fields-model";

describe("choices of a field that said yes or no", () => {
  it("have the keys that its values become, whatever they are called", () => {
    expect(retypeChoices("boolean", "Да\nНет\nYes", "ru")).toEqual([
      { key: "yes", label: { ru: "Да" } },
      { key: "no", label: { ru: "Нет" } },
      { key: "yes_3", label: { ru: "Yes" } },
    ]);
    expect(retypeChoices("text", "Small", "en")).toEqual([{ key: "small", label: { en: "Small" } }]);
  });
});

describe("what is counted", () => {
  it("says what is still to be chosen", () => {
    const fields = [
      { key: "amount", type: "money" as const },
      { key: "hours", type: "integer" as const },
    ];
    const draft = { entity: "deal", via: "company", op: "", field: null };
    expect(rollupGaps({ ...draft, entity: "", via: "" }, "integer", [])).toEqual({
      entity: true,
      field: false,
    });
    expect(rollupGaps(draft, "integer", fields)).toEqual({ entity: false, field: false });
    expect(rollupGaps(draft, "money", fields).field).toBe(true);
    expect(rollupGaps({ ...draft, field: "hours" }, "money", fields).field).toBe(true);
    expect(rollupGaps({ ...draft, field: "amount" }, "money", fields).field).toBe(false);
  });
});

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
      indexed: false,
      entities: [],
      choices: [],
      directory: null,
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
    const unsaid = { ...rollup, op: "" };
    expect(newField({ ...draft, type: "integer", rollup: unsaid }, "en").rollup?.op).toBe("count");
    expect(newField({ ...draft, type: "money", rollup: unsaid }, "en").rollup).toMatchObject({
      op: "sum",
      field: "amount",
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

  it("an index is asked for where one can be, also of what is computed", () => {
    const draft = { ...freshField(), indexed: true };
    expect(newField(draft, "en").indexed).toBe(true);
    expect(newField({ ...draft, source: "formula", formula: "'a'" }, "en").indexed).toBe(true);
    expect(newField({ ...draft, type: "money" }, "en").indexed).toBe(false);
    expect(newField({ ...draft, type: "choices" }, "en").indexed).toBe(false);
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

describe("links", () => {
  const entities = [
    { key: "company", label_plural: "Companies" },
    { key: "x_row", label_plural: "Rows", inner: true },
  ];
  const word = (kind: string) => kind;

  it("point to records, and to people where they are several", () => {
    expect(targetsOf("link", entities, word)).toEqual([{ value: "company", label: "Companies" }]);
    expect(targetsOf("links", entities, word).map(({ value }) => value)).toEqual([
      "company",
      "user",
      "department",
    ]);
  });

  it("are sent with what they point to, other types with nothing", () => {
    const draft = { ...freshField(), entities: ["company", "user"] };
    expect(newField({ ...draft, type: "link" }, "en").entities).toEqual(["company"]);
    expect(newField({ ...draft, type: "links" }, "en").entities).toEqual(["company", "user"]);
    expect(newField({ ...draft, type: "text" }, "en").entities).toEqual([]);
  });

  it("and the product's own types have words", () => {
    expect(["pipeline", "stage", "link", "json"].map(namedType)).toEqual([
      "pipeline",
      "stage",
      "link",
      "json",
    ]);
    expect(namedType("of_tomorrow")).toBeUndefined();
  });
});
