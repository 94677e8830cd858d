/** What a task asks, what is missing, and what a person may do with it. Pure. */
import type { Entity, Field, Fields, Me, Task, TaskField, Value } from "@/api/types";
import { isEmpty } from "@/engines/fields/values";

const prefix = "record.";
/** The field of the subject that a field of the form stands for. */
export const subjectField = ({ name }: Pick<TaskField, "name">): string | undefined =>
  name.startsWith(prefix) ? name.slice(prefix.length) : undefined;

const types = {
  text: "long_text",
  number: "decimal",
  boolean: "choice",
  date: "date",
  choice: "choice",
} as const;

/** `yes` and `no`: an unanswered question is neither. */
export interface Words {
  yes: string;
  no: string;
}

/** The form's fields as the portal's editors know fields; those of the subject are the subject's own. */
export function fieldsOf(task: Pick<Task, "form">, subject: Entity | undefined, words: Words): Field[] {
  return task.form.map((one) => {
    const own = subject?.fields.find((field) => field.key === subjectField(one));
    const label = one.label || own?.label || one.name;
    const required = one.required ?? false;
    if (own) return { ...own, key: one.name, label, required, read_only: false };
    const field = {
      key: one.name,
      label,
      type: types[one.kind as keyof typeof types] ?? "long_text",
      own: false,
      required,
      read_only: false,
      system: false,
      sortable: false,
      filterable: false,
    } as Field;
    if (one.kind === "boolean") {
      field.choices = [
        { value: "true", label: words.yes },
        { value: "false", label: words.no },
      ] as Field["choices"];
    }
    if (one.kind === "choice") {
      field.choices = (one.choices ?? []).map((value) => ({ value, label: value })) as Field["choices"];
    }
    return field;
  });
}

/** What stands in the form at first: given before, else as the process had it, else as the subject has it. */
export function presetOf(task: Pick<Task, "form" | "variables">, record: Fields | undefined): Fields {
  const preset: Fields = {};
  for (const field of task.form) {
    const key = subjectField(field);
    const variables = task.variables as Fields;
    const value = key ? record?.[key] : (variables[field.name] ?? (field.value as Value));
    if (!isEmpty(value)) preset[field.name] = field.kind === "boolean" && !key ? String(value) : value;
  }
  return preset;
}

/** What is sent: yes and no as such; of the subject what was changed alone. */
export function answersOf(
  task: Pick<Task, "form">,
  values: Fields,
  preset: Fields,
  same: (left: Value, right: Value) => boolean,
): Fields {
  const answers: Fields = {};
  for (const field of task.form) {
    const value = values[field.name];
    if (value === undefined) continue;
    const key = subjectField(field);
    if (key && same(value, preset[field.name])) continue;
    answers[field.name] = field.kind === "boolean" && !key ? value === "true" : value;
  }
  return answers;
}

export interface Blocker {
  code: "action" | "sending" | "field";
  field?: string;
  label?: string;
}

/** What keeps the task from being finished, as far as it can be seen here; the server has the last word. */
export function blockersOf(task: Task, fields: Field[], values: Fields): Blocker[] {
  const blockers: Blocker[] = [];
  const action = task.main_action;
  const byFinishing = action?.kind === "form" || action?.kind === "approve";
  if (action?.required && !action.done && !byFinishing) {
    blockers.push({ code: action.state === "queued" ? "sending" : "action" });
  }
  for (const field of fields) {
    if (field.required && isEmpty(values[field.key])) {
      blockers.push({ code: "field", field: field.key, label: field.label });
    }
  }
  return blockers;
}

export interface Abilities {
  act: boolean;
  claim: boolean;
  release: boolean;
  delegate: boolean;
  cancel: boolean;
  /** Says whether it is well done. */
  review: boolean;
}

const nothing: Abilities = {
  act: false,
  claim: false,
  release: false,
  delegate: false,
  cancel: false,
  review: false,
};

/** What makes sense to offer; the API tells nobody what they may do, it refuses. Whoever looks as somebody else only looks. */
export function abilitiesOf(task: Task, me: Me): Abilities {
  if (me.viewing) return nothing;
  const open = task.state === "open";
  const mine = task.assignee === me.user.id;
  const shared = task.votes.needed > 1;
  const roles = me.roles.map((role) => role.key);
  const named = task.executors.some(({ role, user }) => user === me.user.id || roles.includes(role ?? ""));
  const acting = open && (mine || (!task.assignee && (named || me.admin)) || me.admin);
  return {
    act: acting,
    claim: open && !shared && !task.assignee && (named || me.admin),
    release: open && !shared && (mine || (me.admin && Boolean(task.assignee))) && task.executors.length > 0,
    delegate: acting,
    cancel: open && !task.instance && (task.creator === me.user.id || me.admin),
    review: task.state === "review" && (task.creator === me.user.id || me.admin),
  };
}

export type When = "overdue" | "today" | "tomorrow" | "week" | "later" | "none";
const order: When[] = ["overdue", "today", "tomorrow", "week", "later", "none"];

const dayOf = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Which heading a deadline stands under, in the reader's days. */
export function whenOf(due: string | null | undefined, now: Date): When {
  if (!due) return "none";
  const at = new Date(due);
  if (at.getTime() < now.getTime()) return "overdue";
  const days = Math.round((dayOf(at) - dayOf(now)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "tomorrow";
  return days < 7 ? "week" : "later";
}

/** Tasks under their headings, the most urgent first. */
export function groupsOf(tasks: Task[], now: Date): { when: When; tasks: Task[] }[] {
  return order
    .map((when) => ({
      when,
      tasks: tasks.filter((task) => (task.state === "open" ? whenOf(task.due, now) : "none") === when),
    }))
    .filter((group) => group.tasks.length > 0);
}

/** Addresses as a person writes them. */
export const addressesOf = (text: Value): string[] =>
  String(text ?? "")
    .split(/[\s,;]+/)
    .filter(Boolean);
