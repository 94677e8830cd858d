/**
 * What a form asks now, what is wrong with what is typed, what is sent. Hidden = not required, not sent, kept in the
 * draft. Pure: conditions are judged over the values as they stand.
 */
import type { Field, Fields, FieldType } from "@/api/types";
import { isTrue, plain } from "@/engines/blocks/environment";
import type { Environment } from "@/engines/blocks/expression/evaluate";
import type { FormBlock, Given, Input, Text } from "@/engines/blocks/tree";
import { isEmpty, unreadText, withoutEmpty } from "@/engines/fields/values";

/** A line of a form: what is asked, under which conditions. */
export interface Asked {
  name: string;
  field: Field;
  input?: Input;
}

export interface Step {
  id: string;
  title: Text | undefined;
  asked: Asked[];
}

/** What an input is among the field types; those of its own are drawn by `inputs`. */
export function fieldOfInput(
  input: Input,
  label: string,
  choices: { value: string; label: string }[],
): Field {
  const type = kindOf(input.type);
  return {
    key: input.name,
    label,
    type,
    own: false,
    required: false,
    read_only: false,
    system: false,
    sortable: false,
    filterable: false,
    ...(choices.length > 0 ? { choices: choices.map((one) => ({ ...one, archived: false })) } : {}),
  } as Field;
}

function kindOf(type: Input["type"]): FieldType {
  if (type === "template") return "long_text";
  if (type === "period" || type === "filter" || type === "rows" || type === "file") return "json";
  return type ?? "text";
}

/** Days, both included; while it is typed one of them may be missing. */
export interface Period {
  from?: unknown;
  to?: unknown;
}

export const isPeriod = (value: unknown): value is Period =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const rowsOf = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.filter((one): one is Fields => typeof one === "object" && one !== null) : [];

/** A file of an input; without `upload` it is on its way. */
export interface SentFile {
  key: string;
  name: string;
  /** What the form is sent with in its place. */
  upload?: string;
}

export const filesOf = (value: unknown): SentFile[] =>
  Array.isArray(value) ? value.filter((one): one is SentFile => typeof one?.key === "string") : [];

/** A value as it is sent: lines and rows that were left empty are none, files are what was given for them. */
function settled(input: Input | undefined, value: unknown): unknown {
  if (input?.type === "file") return filesOf(value).flatMap(({ upload }) => upload ?? []);
  if (input?.type !== "rows") return withoutEmpty(value);
  return rowsOf(value).filter((row) => Object.values(row).some((one) => !isEmpty(one)));
}

export interface Judged {
  /** The steps that are asked now, without what is hidden. */
  steps: Step[];
  required: ReadonlySet<string>;
  disabled: ReadonlySet<string>;
}

/** What the server sets by itself of a new record is not demanded of the person. */
const isDemanded = ({ required, default: given }: Field, fresh: boolean): boolean =>
  required && !(fresh && given !== undefined && given !== null);

/**
 * `asked` in the order of the block; `environment` with `form` = the values as they stand; `fresh`: something new is
 * made of them.
 */
export function judge(
  block: Pick<FormBlock, "steps">,
  asked: Asked[],
  environment: Environment,
  fresh = true,
): Judged {
  const shown = asked.filter(({ input }) => isTrue(input?.when, environment));
  const steps: Step[] = block.steps
    ? block.steps
        .filter((step) => isTrue(step.when, environment))
        .map((step) => ({
          id: step.id,
          title: step.title,
          asked: step.fields.flatMap((name) => shown.find((one) => one.name === name) ?? []),
        }))
    : [{ id: "", title: undefined, asked: shown }];
  const names = new Set(steps.flatMap((step) => step.asked.map(({ name }) => name)));
  const visible = shown.filter(({ name }) => names.has(name));
  const must = ({ field, input }: Asked) =>
    input?.required === undefined ? isDemanded(field, fresh) : isTrue(input.required, environment);
  return {
    steps,
    required: new Set(visible.filter(must).map(({ name }) => name)),
    disabled: new Set(
      visible.filter(({ input }) => !isTrue(input?.enabled, environment)).map(({ name }) => name),
    ),
  };
}

export type Reason =
  | { key: "needed" }
  | { key: "sending" }
  | { key: "unread" }
  | { key: "backwards" }
  | { key: "row"; row: number; name: string }
  | { key: "too_small" | "too_big"; bound: number }
  | { text: Text };

/** What is wrong, by name; "" for what concerns the form as a whole. What cannot be judged here is left to the host. */
export function reasonsOf(
  judged: Judged,
  values: Fields,
  environment: Environment,
  check: FormBlock["check"] = [],
): Map<string, Reason> {
  const reasons = new Map<string, Reason>();
  for (const { name, input } of judged.steps.flatMap((step) => step.asked)) {
    const value = settled(input, values[name]);
    const own = underway(input, values[name]) ?? inside(input, value);
    if (unreadText(value) !== undefined) reasons.set(name, { key: "unread" });
    else if (own) reasons.set(name, own);
    else if (isEmpty(value)) {
      if (judged.required.has(name)) reasons.set(name, { key: "needed" });
    } else {
      const reason = bounds(input, value, environment) ?? broken(input?.check, environment);
      if (reason) reasons.set(name, reason);
    }
  }
  const whole = broken(check, environment);
  if (whole) reasons.set("", whole);
  return reasons;
}

/** A form waits for its files. */
const underway = (input: Input | undefined, value: unknown): Reason | undefined =>
  input?.type === "file" && filesOf(value).some(({ upload }) => upload === undefined)
    ? { key: "sending" }
    : undefined;

/** What is wrong within a period or within a row. */
function inside(input: Input | undefined, value: unknown): Reason | undefined {
  if (input?.type === "period" && isPeriod(value)) {
    const { from, to } = value;
    if ([from, to].some((day) => unreadText(day) !== undefined)) return { key: "unread" };
    if (isEmpty(from) || isEmpty(to)) return { key: "needed" };
    return String(from) > String(to) ? { key: "backwards" } : undefined;
  }
  if (input?.type !== "rows") return undefined;
  for (const [index, row] of rowsOf(value).entries()) {
    for (const { name, required } of input.fields ?? []) {
      if (unreadText(row[name]) !== undefined || (required === true && isEmpty(row[name]))) {
        return { key: "row", row: index + 1, name };
      }
    }
  }
  return undefined;
}

function bounds(input: Input | undefined, value: unknown, environment: Environment): Reason | undefined {
  if (typeof value !== "number") return undefined;
  const bound = (given: Given<number> | undefined) => plain(given, environment);
  const [min, max] = [bound(input?.min), bound(input?.max)];
  if (min !== undefined && value < min) return { key: "too_small", bound: min };
  if (max !== undefined && value > max) return { key: "too_big", bound: max };
  return undefined;
}

function broken(check: Input["check"], environment: Environment): Reason | undefined {
  const found = check?.find(({ rule }) => plain<unknown>(rule, environment) === false);
  return found && { text: found.text };
}

/** What is sent: what is asked now and filled, over what is set beforehand. */
export function sentOf(judged: Judged, values: Fields, preset: Fields): Fields {
  const sent: Fields = { ...preset };
  for (const { name, input } of judged.steps.flatMap((step) => step.asked)) {
    const value = settled(input, values[name]);
    if (!isEmpty(value)) sent[name] = value;
    else delete sent[name];
  }
  return sent;
}

/** The values after one was changed: what hangs on it begins anew. */
export function changed(asked: Asked[], values: Fields, name: string, value: unknown): Fields {
  const next: Fields = { ...values, [name]: value };
  const reset = (from: string) => {
    for (const { name: other, input } of asked) {
      if (!input?.reset_on?.includes(from) || isEmpty(next[other])) continue;
      next[other] = null;
      reset(other);
    }
  };
  reset(name);
  return next;
}
