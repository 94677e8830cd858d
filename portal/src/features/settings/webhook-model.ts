/** Events that a webhook may be told of, and what is open of it. Pure. */
import type { Entity } from "@/api/types";

const happenings = ["any", "created", "updated", "deleted", "restored"] as const;
export type Happening = (typeof happenings)[number];

interface Choice {
  value: string;
  label: string;
}
export interface ChoiceGroup {
  group: string;
  items: Choice[];
}

interface Words {
  happened(what: Happening): string;
  entered(stage: string): string;
}

/** By entity: anything, the four changes, and its stages. What was chosen and is not there any more stays to be taken away. */
export function eventChoices(entities: Entity[], chosen: string[], words: Words): (ChoiceGroup | Choice)[] {
  const groups = entities.map((entity) => ({
    group: entity.label_plural,
    items: [
      ...happenings.map((what) => ({
        value: `${entity.key}.${what === "any" ? "*" : what}`,
        label: `${entity.label}: ${words.happened(what)}`,
      })),
      ...stagesOf(entity).map(({ key, name }) => ({
        value: `${entity.key}.stage:${key}`,
        label: `${entity.label}: ${words.entered(name)}`,
      })),
    ],
  }));
  const offered = new Set(groups.flatMap(({ items }) => items.map(({ value }) => value)));
  const others = chosen.filter((value) => !offered.has(value));
  return [...groups, ...others.map((value) => ({ value, label: value }))];
}

/** Each stage once: pipelines may share keys. */
function stagesOf(entity: Entity): { key: string; name: string }[] {
  const stages = new Map<string, string>();
  for (const pipeline of entity.pipelines) {
    for (const { key, name } of pipeline.stages) if (!stages.has(key)) stages.set(key, name);
  }
  return [...stages].map(([key, name]) => ({ key, name }));
}

/** What the address says is open: the form of a new one or of one, or what was sent to one. */
export function openedOf(editing: string | undefined): { form?: string; sent?: string } {
  if (!editing) return {};
  return editing.startsWith("sent ") ? { sent: editing.slice("sent ".length) } : { form: editing };
}

/** The server that an address names: the rest often is a secret. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
