/**
 * The step contract as the panel shows it, and what an edit of it writes: attributes and extension elements exactly as the
 * server reads them (`core/process/src/definition/steps.rs`). Every way to write a thing is read; it is written one way.
 * Elements of others keep their places. Pure.
 */
import { type Create, childOf, isA, listOf, type Moddle, textOf } from "./moddle";

export interface Param {
  name: string;
  /** Text, or an expression after `=`. */
  value: string;
}
export interface FormField {
  /** `record.amount`, or a variable's name. */
  name: string;
  label: string;
  type: string;
  choices: string[];
  required: boolean;
}
export interface Escalation {
  to: string;
  after: string;
  every: string;
  reassign: boolean;
}

export interface Contract {
  executors: string[];
  assignment: string;
  completedBy: string;
  duration: string;
  remindBefore: string[];
  mainAction: string;
  requireMainAction: boolean;
  params: Param[];
  form: FormField[];
  escalate: Escalation[];
  event: string;
  probability: string;
  service: string;
  resultVariable: string;
  expression: string;
}

const texts = [
  "assignment",
  "completedBy",
  "duration",
  "event",
  "probability",
  "service",
  "resultVariable",
  "expression",
] as const;

/** Parts between commas that stand outside brackets and quotes, as the server splits them. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quote = "";
  for (const sign of text) {
    if (quote) {
      if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "'") quote = sign;
    else if ("([{".includes(sign)) depth += 1;
    else if (")]}".includes(sign)) depth -= 1;
    else if (sign === "," && depth <= 0) {
      parts.push(part);
      part = "";
      continue;
    }
    part += sign;
  }
  return [...parts, part].map((one) => one.trim()).filter(Boolean);
}

const extensions = (element: Moddle): Moddle[] => listOf(childOf(element, "extensionElements"), "values");
const ofType = (element: Moddle, type: string) => extensions(element).filter((one) => one.$type === type);
const saidBy = (element: Moddle, attribute: string) =>
  textOf(element, attribute) || textOf(element, "value") || textOf(element, "text");
const flag = (element: Moddle, name: string, otherwise: boolean) => {
  const text = textOf(element, name);
  return text === "" ? otherwise : text === "true" || text === "1";
};

export function readContract(element: Moddle): Contract {
  const node = isA(element, "bpmn:FlowNode");
  const own = (name: string) => (node ? textOf(element, `v:${name}`) : "");
  const action = ofType(element, "v:MainAction")[0];
  return {
    ...(Object.fromEntries(texts.map((name) => [name, own(name)])) as Record<(typeof texts)[number], string>),
    executors: readExecutors(element, own("executors")),
    remindBefore: [
      ...own("remindBefore").split(/[\s,;]+/),
      ...ofType(element, "v:RemindBefore").map((one) => textOf(one, "text")),
    ].filter(Boolean),
    mainAction: own("mainAction") || (action ? textOf(action, "kind") : ""),
    requireMainAction: node && flag(element, "v:requireMainAction", false),
    params: readParams(element),
    form: readForm(element, own("form")),
    escalate: readEscalations(element, own("escalate")),
  };
}

function readExecutors(element: Moddle, attribute: string): string[] {
  const nested = ofType(element, "v:Executors").flatMap((one) => listOf(one, "items"));
  const elements = [...ofType(element, "v:Executor"), ...nested].map((one) => saidBy(one, "who"));
  return [...splitList(attribute), ...elements].filter(Boolean);
}

const paramGroups = ["v:Parameters", "v:MainAction", "v:Service"];

function readParams(element: Moddle): Param[] {
  const nested = paramGroups.flatMap((type) => ofType(element, type)).flatMap((one) => listOf(one, "items"));
  return [...ofType(element, "v:Param"), ...nested].map((one) => {
    // As written: spaces in a letter are its own.
    const value = one.get("value") ?? one.get("text");
    return { name: textOf(one, "name"), value: typeof value === "string" ? value : "" };
  });
}

function readForm(element: Moddle, attribute: string): FormField[] {
  const named = splitList(attribute).map((name) => ({
    name,
    label: "",
    type: "text",
    choices: [],
    required: true,
  }));
  const fields = ofType(element, "v:Form").flatMap((form) => listOf(form, "fields"));
  const read = [...fields, ...ofType(element, "v:Field")].map((field) => ({
    name: textOf(field, "name"),
    label: textOf(field, "label"),
    type: textOf(field, "type") || "text",
    choices: [
      ...splitList(textOf(field, "choices")),
      ...listOf(field, "items").map((one) => saidBy(one, "value")),
    ],
    required: flag(field, "required", true),
  }));
  return [...named, ...read];
}

function readEscalations(element: Moddle, attribute: string): Escalation[] {
  const named = attribute
    .split(";")
    .filter((part) => part.trim())
    .map((part) => {
      const all = part.trim().split(/\s+/);
      const [to = "", after = "PT0S", every = ""] = all.filter((word) => word !== "reassign");
      return { to, after, every, reassign: all.includes("reassign") };
    });
  const read = ofType(element, "v:Escalate").map((one) => ({
    to: textOf(one, "to"),
    after: textOf(one, "after") || "PT0S",
    every: textOf(one, "every"),
    reassign: flag(one, "reassign", false),
  }));
  return [...named, ...read];
}

/** What the changed parts are as properties of the element, for one command of bpmn-js. */
export function writeContract(
  element: Moddle,
  patch: Partial<Contract>,
  create: Create,
): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const name of texts) if (name in patch) properties[`v:${name}`] = patch[name] || undefined;
  if ("mainAction" in patch) properties["v:mainAction"] = patch.mainAction || undefined;
  if ("requireMainAction" in patch) {
    properties["v:requireMainAction"] = patch.requireMainAction ? "true" : undefined;
  }
  const made = new Map<string, Moddle[]>();
  const drop = new Set<string>();
  if (patch.executors) writeExecutors(patch.executors, properties, made, drop, create);
  if (patch.remindBefore) {
    properties["v:remindBefore"] = patch.remindBefore.join(" ") || undefined;
    drop.add("v:RemindBefore");
  }
  if (patch.params || "mainAction" in patch) {
    for (const type of ["v:Param", ...paramGroups]) drop.add(type);
    const params = patch.params ?? readParams(element);
    made.set(
      "v:Param",
      params.map(({ name, value }) => create("v:Param", { name, text: value })),
    );
  }
  if (patch.form) {
    properties["v:form"] = undefined;
    for (const type of ["v:Form", "v:Field"]) drop.add(type);
    if (patch.form.length > 0) made.set("v:Form", [formOf(patch.form, create)]);
  }
  if (patch.escalate) {
    properties["v:escalate"] = undefined;
    drop.add("v:Escalate");
    made.set(
      "v:Escalate",
      patch.escalate.map((one) => escalationOf(one, create)),
    );
  }
  if (drop.size > 0) properties.extensionElements = extended(element, made, drop, create);
  return properties;
}

function writeExecutors(
  executors: string[],
  properties: Record<string, unknown>,
  made: Map<string, Moddle[]>,
  drop: Set<string>,
  create: Create,
) {
  for (const type of ["v:Executor", "v:Executors"]) drop.add(type);
  const joined = executors.join(", ");
  // A formula whose commas stand outside brackets cannot be one of a list.
  const listed = splitList(joined).join("\n") === executors.join("\n");
  properties["v:executors"] = (listed && joined) || undefined;
  if (!listed)
    made.set(
      "v:Executor",
      executors.map((text) => create("v:Executor", { text })),
    );
}

function formOf(form: FormField[], create: Create): Moddle {
  const fields = form.map(({ name, label, type, choices, required }) => {
    const joined = choices.join(", ");
    const listed = splitList(joined).join("\n") === choices.join("\n");
    return holding(
      create,
      "v:Field",
      {
        name,
        label: label || undefined,
        type,
        choices: (listed && joined) || undefined,
        required: required ? "true" : "false",
      },
      "items",
      listed ? [] : choices.map((text) => create("v:Choice", { text })),
    );
  });
  return holding(create, "v:Form", {}, "fields", fields);
}

/** An element with children, who know it. */
function holding(create: Create, type: string, attributes: object, name: string, children: Moddle[]): Moddle {
  const holder = create(type, children.length > 0 ? { ...attributes, [name]: children } : attributes);
  for (const child of children) child.$parent = holder;
  return holder;
}

const escalationOf = ({ to, after, every, reassign }: Escalation, create: Create) =>
  create("v:Escalate", {
    to,
    after: after || "PT0S",
    every: every || undefined,
    reassign: reassign ? "true" : undefined,
  });

/** New extension elements, so that the old ones are there to go back to: what is written anew stands where it stood. */
function extended(
  element: Moddle,
  made: Map<string, Moddle[]>,
  drop: Set<string>,
  create: Create,
): Moddle | undefined {
  const left = new Map(made);
  const values: Moddle[] = [];
  for (const one of extensions(element)) {
    if (!drop.has(one.$type)) {
      values.push(one);
      continue;
    }
    values.push(...(left.get(one.$type) ?? []));
    left.delete(one.$type);
  }
  values.push(...[...left.values()].flat());
  if (values.length === 0) return undefined;
  const holder = holding(create, "bpmn:ExtensionElements", {}, "values", values);
  holder.$parent = element;
  return holder;
}
