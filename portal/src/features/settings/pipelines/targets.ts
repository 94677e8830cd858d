/** Where records may move when a stage goes. Pure but for the reader's language. */
import type { PipelineConfig } from "@/api/types";
import { currentLocale } from "@/i18n";
import { nameOf, type StageDraft } from "./model";

export interface Targets {
  group: string;
  items: { value: string; label: string }[];
}

/** Where records may move: what stays of this pipeline, and the other ones. */
export function targetsOf(stages: StageDraft[], siblings: PipelineConfig[], here: string): Targets[] {
  const mine = stages
    .filter(({ key }) => key)
    .map(({ key, label }) => ({ value: key ?? "", label: nameOf(label, currentLocale()) }));
  const others = siblings
    .filter(({ archived }) => !archived)
    .map(({ name, stages: theirs }) => ({
      group: name,
      items: theirs.map((stage) => ({ value: stage.key, label: stage.name })),
    }));
  return mine.length > 0 ? [{ group: here, items: mine }, ...others] : others;
}
