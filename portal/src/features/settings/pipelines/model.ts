/** A list of stages while it is edited. Pure. */
import type { StageInput } from "@/api/pipelines";
import { ApiError } from "@/api/problem";
import type { Locale, PipelineConfig, StageSemantic } from "@/api/types";

export type Words = Partial<Record<Locale, string>>;

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
  records: 0,
});

const filled = (words: Words): Record<string, string> =>
  Object.fromEntries(Object.entries(words).filter(([, text]) => text.trim() !== ""));

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
    const [, index, what] = /^stages\.(\d+)\.(\w+)$/.exec(place) ?? [];
    const stage = all[Number(index)];
    if (stage && what) found.set(stage.id, { ...found.get(stage.id), [what]: message });
  }
  return found;
}

/** How many rules a stage has, for its row. */
export const rulesOf = (stage: StageDraft): number =>
  stage.required.length +
  (stage.guard.trim() ? 1 : 0) +
  (stage.from.length > 0 ? 1 : 0) +
  (stage.roles.length > 0 ? 1 : 0);
