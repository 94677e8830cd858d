/** What stands in the forms of fields and rules, and what is sent of it. */
import type { Conditions, NewField, Rollup, ValidationRule } from "@/api/rules";
import type { Entity, Field, FieldType, Filter, Locale } from "@/api/types";

export type Words = Record<Locale, string>;
export const noWords = (): Words => ({ en: "", ru: "", uk: "" });

/** Types of fields that are made here. */
export const types = [
  "text",
  "long_text",
  "integer",
  "decimal",
  "money",
  "boolean",
  "date",
  "datetime",
  "duration",
  "choice",
  "choices",
  "link",
  "links",
  "user",
  "department",
  "phones",
  "emails",
  "urls",
  "address",
] as const;
export type MadeType = (typeof types)[number];

/** Those that come with the product or by the API alone. */
const givenTypes = [
  "stage",
  "pipeline",
  "currency",
  "record",
  "messengers",
  "file",
  "formula",
  "json",
] as const satisfies readonly FieldType[];

/** A type that has a word of its own. */
export const namedType = (type: string) => [...types, ...givenTypes].find((one) => one === type);

export const isLink = (type: string) => type === "link" || type === "links";

/** What several are linked to beside records. */
const people = ["user", "department"] as const;

/** What a link of this type may point to: records that stand somewhere, and where several are linked people too. */
export function targetsOf(
  type: string,
  entities: Pick<Entity, "key" | "label_plural" | "inner">[],
  word: (kind: (typeof people)[number]) => string,
): { value: string; label: string }[] {
  const records = entities
    .filter(({ inner }) => !inner)
    .map(({ key, label_plural }) => ({ value: key, label: label_plural }));
  const others = type === "links" ? people.map((kind) => ({ value: kind, label: word(kind) })) : [];
  return [...records, ...others];
}

/** Types that a formula may give. */
export const results: readonly string[] = [
  "text",
  "long_text",
  "integer",
  "decimal",
  "money",
  "boolean",
  "date",
  "datetime",
  "duration",
];

/** Types by whose values records can be told apart. */
const apart: readonly string[] = ["text", "integer", "decimal", "duration", "date", "datetime"];
export const isApart = (type: string) => apart.includes(type);

/** Types that an index is made of. */
const findable: readonly string[] = [...apart, "boolean", "choice", "user", "department"];
export const isFindable = (type: string) => findable.includes(type);

/** Where the values of a field come from. */
export type Source = "written" | "formula" | "rollup";

/** Ways to put linking records together. */
export const rollupOps = ["count", "sum", "avg", "min", "max"] as const;

/** Those that give values of a type. */
export function opsOf(type: string): string[] {
  if (type === "integer") return ["count", "sum", "min", "max"];
  if (type === "decimal" || type === "money") return ["sum", "avg", "min", "max"];
  if (type === "duration") return ["sum", "min", "max"];
  return type === "datetime" ? ["min", "max"] : [];
}

/** Whether a field of the linking records can be put together so. */
export function measured(op: string, field: string, type: string): boolean {
  if (field === type || type !== "decimal") return field === type;
  return (field === "integer" && (op === "sum" || op === "avg")) || (field === "duration" && op === "avg");
}

export interface RollupDraft {
  entity: string;
  via: string;
  op: string;
  field: string | null;
  filter?: Filter;
}

export const rollupDraft = (rollup?: Rollup): RollupDraft => ({
  entity: rollup?.entity ?? "",
  via: rollup?.via ?? "",
  op: rollup?.op ?? "",
  field: rollup?.field ?? null,
  filter: rollup?.filter,
});

/** As chosen, else the usual way of the type. */
export const opOf = ({ op }: RollupDraft, type: string): string => {
  const ops = opsOf(type);
  return ops.includes(op) ? op : (ops[0] ?? "");
};

export const rollupOf = (draft: RollupDraft, type: string): Rollup => {
  const { entity, via, field, filter } = draft;
  const op = opOf(draft, type);
  return { entity, via, op, ...(op !== "count" && field ? { field } : {}), ...(filter ? { filter } : {}) };
};

/** What is still to be chosen; `of` are the fields of the linking records. */
export function rollupGaps(draft: RollupDraft, type: string, of: Pick<Field, "key" | "type">[]) {
  const op = opOf(draft, type);
  const fits = of.some(({ key, type: has }) => key === draft.field && measured(op, has, type));
  return { entity: draft.entity === "" || draft.via === "", field: op !== "count" && !fits };
}

/** Types that the values of a field may take. */
export function mayBecome(type: string): MadeType[] {
  const all: Partial<Record<string, MadeType[]>> = {
    text: [
      "long_text",
      "integer",
      "decimal",
      "boolean",
      "date",
      "datetime",
      "choice",
      "choices",
      "phones",
      "emails",
      "urls",
    ],
    long_text: ["text", "integer", "decimal", "boolean", "date", "datetime", "choice", "choices"],
    integer: ["decimal"],
    boolean: ["choice"],
    datetime: ["date"],
    choice: ["choices", "text", "long_text"],
    link: ["links"],
  };
  return all[type] ?? [];
}

export interface FieldDraft {
  label: Words;
  type: MadeType;
  required: boolean;
  unique: boolean;
  indexed: boolean;
  /** One choice a line. */
  options: string;
  /** The key of the directory that gives the choices; empty: they are the field's own. */
  directory: string;
  /** What a link points to. */
  entities: string[];
  source: Source;
  formula: string;
  decimals: string;
  rollup: RollupDraft;
}

export const freshField = (): FieldDraft => ({
  label: noWords(),
  type: "text",
  required: false,
  unique: false,
  indexed: false,
  options: "",
  directory: "",
  entities: [],
  source: "written",
  formula: "",
  decimals: "",
  rollup: rollupDraft(),
});

/** Words without those that are empty. */
export const said = (words: Words): Partial<Words> =>
  Object.fromEntries(Object.entries(words).filter(([, text]) => text.trim() !== ""));

const latin = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 30);

/** Choices of lines; keys are made of Latin words, else numbered. */
export function choicesOf(lines: string, locale: Locale): { key: string; label: Partial<Words> }[] {
  const taken = new Set<string>();
  return lines
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line, index) => {
      const wanted = latin(line) || `option_${index + 1}`;
      const key = taken.has(wanted) ? `${wanted}_${index + 1}` : wanted;
      taken.add(key);
      return { key, label: { [locale]: line } };
    });
}

/** Choices that values of a type become: of yes and no the first two lines. */
export function retypeChoices(from: string, lines: string, locale: Locale) {
  const all = choicesOf(lines, locale);
  const keys = from === "boolean" ? ["yes", "no"] : [];
  return all.map((choice, index) => {
    const taken = keys.includes(choice.key) ? `${choice.key}_${index + 1}` : choice.key;
    return { ...choice, key: keys[index] ?? taken };
  });
}

/** Where values of a type may come from. */
export const sourcesOf = (type: string): Source[] => [
  "written",
  ...(results.includes(type) ? (["formula"] as const) : []),
  ...(opsOf(type).length > 0 ? (["rollup"] as const) : []),
];

/** What is chosen of a link; people only where several are linked. */
export const pointed = ({ type, entities }: Pick<FieldDraft, "type" | "entities">): string[] =>
  type === "links" ? entities : entities.filter((key) => !people.some((kind) => kind === key));

export function newField(draft: FieldDraft, locale: Locale): NewField {
  const source = sourcesOf(draft.type).includes(draft.source) ? draft.source : "written";
  const computed = source === "formula";
  const listed = draft.type === "choice" || draft.type === "choices";
  return {
    type: draft.type,
    label: said(draft.label) as NewField["label"],
    required: source === "written" && draft.required,
    unique: source === "written" && isApart(draft.type) && draft.unique,
    indexed: isFindable(draft.type) && draft.indexed,
    choices: listed && !draft.directory ? choicesOf(draft.options, locale) : [],
    directory: (listed && draft.directory) || null,
    entities: isLink(draft.type) ? pointed(draft) : [],
    formula: computed ? draft.formula : null,
    decimals: computed && draft.decimals !== "" ? Number(draft.decimals) : null,
    rollup: source === "rollup" ? rollupOf(draft.rollup, draft.type) : null,
  };
}

/** Conditions as they stand in the form: what is empty is no condition. */
export interface ConditionsDraft {
  visible: string;
  required: string;
  read_only: string;
  options_when: Record<string, string>;
}

export const conditionsDraft = ({ conditions }: Pick<Field, "conditions">): ConditionsDraft => ({
  visible: conditions?.visible ?? "",
  required: conditions?.required ?? "",
  read_only: conditions?.read_only ?? "",
  options_when: { ...conditions?.options_when },
});

export function conditionsOf(draft: ConditionsDraft): Conditions {
  const one = (text: string) => text.trim() || undefined;
  const options = Object.entries(draft.options_when).filter(([, text]) => text.trim() !== "");
  return {
    visible: one(draft.visible),
    required: one(draft.required),
    read_only: one(draft.read_only),
    options_when: Object.fromEntries(options),
  };
}

export const sameConditions = (left: ConditionsDraft, right: ConditionsDraft) =>
  JSON.stringify(conditionsOf(left)) === JSON.stringify(conditionsOf(right));

export interface RuleDraft {
  name: string;
  when: string;
  check: string;
  field: string | null;
  warn: boolean;
  enabled: boolean;
  message: Words;
}

export const ruleDraft = (rule?: ValidationRule): RuleDraft => ({
  name: rule?.name ?? "",
  when: rule?.when ?? "",
  check: rule?.check ?? "",
  field: rule?.field ?? null,
  warn: rule?.warn ?? false,
  enabled: rule?.enabled ?? true,
  message: { ...noWords(), ...rule?.message },
});

export const ruleOf = (draft: RuleDraft): ValidationRule => ({
  name: draft.name.trim(),
  when: draft.when.trim() || undefined,
  check: draft.check,
  field: draft.field ?? undefined,
  warn: draft.warn,
  enabled: draft.enabled,
  message: said(draft.message) as ValidationRule["message"],
});

/** What is open of an entity's: `deal`, `deal field x_a`, `deal rule 0192…`; `new` makes one. */
export interface Open {
  entity?: string;
  kind?: "field" | "rule";
  key?: string;
}

export function openOf(editing: string | undefined): Open {
  const [entity, kind, key] = (editing ?? "").split(" ");
  if (kind !== "field" && kind !== "rule") return { entity: entity || undefined };
  return { entity, kind, key };
}
