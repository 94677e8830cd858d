/** A list of stages while it is edited. Pure. */
import type { StageInput } from "@/api/pipelines";
import { ApiError } from "@/api/problem";
import type { Body, Locale, PipelineConfig, StageSemantic } from "@/api/types";

export type StageAct = Body<"AutomationAction">;
export type Words = Partial<Record<Locale, string>>;

/** The task that is made when a record enters a stage and done before it leaves. */
export interface ContractDraft {
  title: Words;
  description: string;
  /** As the input of people writes them: by commas. */
  executors: string;
  duration: string;
  remind: string;
  mainAction: string;
  /** What the main action is given. */
  parameters: Record<string, unknown>;
  required: boolean;
  form: string[];
  /** Whom to tell when it is late. */
  late: LateDraft[];
}

export interface LateDraft {
  /** By commas; several are told alike. */
  to: string;
  after: string;
  every: string;
  reassign: boolean;
}

export interface StageDraft {
  /** Names the row on the page. */
  id: string;
  /** Absent until a new one is saved. */
  key?: string;
  label: Words;
  semantic: StageSemantic;
  color: string;
  probability: number | null;
  duration: string;
  remind: string;
  required: string[];
  guard: string;
  guardMessage: Words;
  from: string[];
  roles: string[];
  /** Of won stages of leads: converting is the only way in. */
  convertOnly: boolean;
  contract: ContractDraft | null;
  /** Actions as automation has them. */
  onEnter: StageAct[];
  records: number;
}

export const colors = [
  "#4c8dff",
  "#22b8cf",
  "#7c6cf0",
  "#f0a020",
  "#e8590c",
  "#d6336c",
  "#2f9e44",
  "#868e96",
];

const contractDraft = (contract: Body<"StageContract">): ContractDraft => ({
  title: (contract.title ?? {}) as Words,
  description: contract.description ?? "",
  executors: (contract.executors ?? []).join(", "),
  duration: contract.duration ?? "",
  remind: contract.remind ?? "",
  mainAction: contract.main_action ?? "",
  parameters: contract.parameters ?? {},
  required: contract.require_main_action ?? false,
  form: contract.form ?? [],
  late: (contract.escalate ?? []).map(({ to, after, every, reassign }) => ({
    to,
    after: after ?? "",
    every: every ?? "",
    reassign: reassign ?? false,
  })),
});

const named = (people: string): string[] =>
  people
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

export const freshContract = (locale: Locale): ContractDraft => ({
  title: { [locale]: "" },
  description: "",
  executors: "owner",
  duration: "",
  remind: "",
  mainAction: "",
  parameters: {},
  required: false,
  form: [],
  late: [],
});

export const draftOf = (pipeline: PipelineConfig): StageDraft[] =>
  pipeline.stages.map((stage) => ({
    id: stage.key,
    key: stage.key,
    label: stage.label as Words,
    semantic: stage.semantic,
    color: stage.color,
    probability: stage.probability ?? null,
    duration: stage.duration ?? "",
    remind: stage.remind ?? "",
    required: stage.required,
    guard: stage.guard ?? "",
    guardMessage: (stage.guard_message ?? {}) as Words,
    from: stage.from,
    roles: stage.roles,
    convertOnly: stage.convert_only,
    contract: stage.contract ? contractDraft(stage.contract) : null,
    onEnter: stage.on_enter,
    records: stage.records,
  }));

export const freshStage = (id: string, locale: Locale, name: string, color: string): StageDraft => ({
  id,
  label: { [locale]: name },
  semantic: "open",
  color,
  probability: null,
  duration: "",
  remind: "",
  required: [],
  guard: "",
  guardMessage: {},
  from: [],
  roles: [],
  convertOnly: true,
  contract: null,
  onEnter: [],
  records: 0,
});

const filled = (words: Words): Record<string, string> =>
  Object.fromEntries(Object.entries(words).filter(([, text]) => text.trim() !== ""));

const contractOf = (draft: ContractDraft): Body<"StageContract"> => ({
  title: filled(draft.title),
  description: draft.description.trim(),
  executors: named(draft.executors),
  duration: draft.duration || null,
  remind: draft.duration ? draft.remind || null : null,
  main_action: draft.mainAction || null,
  parameters: (draft.mainAction ? draft.parameters : {}) as Record<string, never>,
  require_main_action: draft.required && draft.mainAction !== "",
  form: draft.form,
  escalate: draft.duration
    ? draft.late.flatMap(({ to, after, every, reassign }) =>
        named(to).map((one) => ({ to: one, after: after || null, every: every || null, reassign })),
      )
    : [],
});

export function toInput(stage: StageDraft, all: StageDraft[]): StageInput {
  const open = stage.semantic === "open";
  const message = filled(stage.guardMessage);
  return {
    key: stage.key,
    label: filled(stage.label),
    semantic: stage.semantic,
    color: stage.color,
    probability: open ? stage.probability : null,
    duration: open ? stage.duration || null : null,
    remind: open && stage.duration ? stage.remind || null : null,
    required: stage.required,
    guard: stage.guard.trim() || null,
    guard_message: Object.keys(message).length > 0 ? message : null,
    // A stage that goes is not asked for any more.
    from: stage.from.filter((key) => all.some((one) => one.key === key)),
    roles: stage.roles,
    convert_only: stage.semantic === "won" ? stage.convertOnly : null,
    contract: stage.contract ? contractOf(stage.contract) : null,
    on_enter: stage.onEnter as unknown as StageInput["on_enter"],
  };
}

/** The name in a language, else in any. */
export function nameOf(words: Words, locale: Locale): string {
  const all = [words[locale], words.en, ...Object.values(words)];
  return all.find((text) => text?.trim()) ?? "";
}

/** Puts a stage before or after another. */
export function moved(all: StageDraft[], id: string, next: string, side: "before" | "after"): StageDraft[] {
  const stage = all.find((one) => one.id === id);
  const rest = all.filter((one) => one.id !== id);
  const at = rest.findIndex((one) => one.id === next);
  if (!stage || at < 0) return all;
  rest.splice(side === "before" ? at : at + 1, 0, stage);
  return rest;
}

/** A new open stage stands behind the last open one: what is closed stays at the end. */
export function placed(all: StageDraft[], stage: StageDraft): StageDraft[] {
  const last = all.findLastIndex((one) => one.semantic === "open");
  return [...all.slice(0, last + 1), stage, ...all.slice(last + 1)];
}

/** Refusals of a save by stage: the field of the form, in words. */
export function refusals(error: unknown, all: StageDraft[]): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  if (!(error instanceof ApiError)) return found;
  for (const [place, { message }] of Object.entries(error.problem.fields ?? {})) {
    const [, index, what] = /^stages\.(\d+)\.([\w.]+)$/.exec(place) ?? [];
    const stage = all[Number(index)];
    if (stage && what) found.set(stage.id, { ...found.get(stage.id), [what]: message });
  }
  return found;
}

/** How many rules a stage has, for its row. */
export const rulesOf = (stage: StageDraft): number =>
  stage.required.length +
  (stage.guard.trim() ? 1 : 0) +
  (stage.contract ? 1 : 0) +
  stage.onEnter.length +
  (stage.from.length > 0 ? 1 : 0) +
  (stage.roles.length > 0 ? 1 : 0);
