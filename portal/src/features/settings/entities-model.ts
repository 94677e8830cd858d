/** Kinds of records as an administrator sees them: whose they are, keys, names, and what was removed. Pure. */
import type { EntityPatch, NewEntity } from "@/api/entities";
import type { AuditAct, Entity, Field } from "@/api/types";
import { linksTo } from "@/engines/related";
import { said, type Words } from "./fields-model";

/** Longest key. */
export const mostOfKey = 40;

export type Owner = "own" | "module" | "product";
export const owners: readonly Owner[] = ["own", "module", "product"];

export const ownerOf = ({ own, plugin }: Pick<Entity, "own" | "plugin">): Owner =>
  own ? "own" : plugin ? "module" : "product";

export interface EntityDraft {
  label: Words;
  plural: Words;
  /** As typed; empty: it is made from the name. */
  key: string;
  staged: boolean;
}

/** As the server spells Cyrillic in keys. */
const cyrillic: Record<string, string> = Object.fromEntries(
  (
    "а:a б:b в:v г:g ґ:g д:d е:e є:ie ё:e ж:zh з:z и:i і:i ї:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh " +
    "ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:yu я:ya"
  )
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

/** The key that the server makes of a name where none is asked for; `taken` are those that are known to be in use. */
export function suggestedKey(label: Words, taken: readonly string[]): string {
  const name = [label.en, label.ru, label.uk].map((text) => text.trim()).find((text) => text !== "") ?? "";
  const spelled = [...name.toLowerCase()].map((letter) => cyrillic[letter] ?? letter).join("");
  const words = spelled
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, mostOfKey - 6)
    .replace(/_+$/, "");
  if (words === "") return "";
  const key = `x_${words}`;
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? key : `${key}_${number}`;
    if (!taken.includes(numbered)) return numbered;
  }
}

/** Why a key that was typed will not do. */
export function keyTrouble(key: string, taken: readonly string[]): "form" | "taken" | undefined {
  const typed = key.trim();
  if (typed === "") return undefined;
  if (typed.length > mostOfKey || !/^x_[a-z0-9_]+$/.test(typed)) return "form";
  return taken.includes(typed) ? "taken" : undefined;
}

const isSaid = (words: Words) => Object.values(words).some((text) => text.trim() !== "");

export const newEntity = ({ label, plural, key, staged }: EntityDraft): NewEntity => ({
  key: key.trim() || null,
  label: said(label) as NewEntity["label"],
  label_plural: isSaid(plural) ? (said(plural) as NewEntity["label"]) : null,
  staged,
});

/** Names are sent whole: a language that is left out loses its name. */
export const renamed = (label: Words, plural: Words): EntityPatch => ({
  label: said(label) as NewEntity["label"],
  label_plural: said(isSaid(plural) ? plural : label) as NewEntity["label"],
});

/** What the acts say of a kind. */
export interface Told {
  key: string;
  label?: Words;
  plural?: Words;
  removed: boolean;
}

const words = (given: unknown): Words | undefined => {
  if (!given || typeof given !== "object") return undefined;
  const { en, ru, uk } = given as Record<string, unknown>;
  const text = (one: unknown) => (typeof one === "string" ? one : "");
  return { en: text(en), ru: text(ru), uk: text(uk) };
};

/** What was done last to each kind; `acts` are the newest first. */
export function toldOf(acts: Pick<AuditAct, "action" | "object" | "detail">[]): Map<string, Told> {
  const all = new Map<string, Told>();
  for (const { action, object, detail } of acts) {
    if (!action.startsWith("entity.")) continue;
    const { before, after } = (detail ?? {}) as Record<string, unknown>;
    const spec = (after ?? before ?? {}) as Record<string, unknown>;
    const known = all.get(object) ?? { key: object, removed: action === "entity.removed" };
    all.set(object, {
      ...known,
      label: known.label ?? words(spec.label),
      plural: known.plural ?? words(spec.label_plural),
    });
  }
  return all;
}

/** Those that were removed and are not there again. */
export const removedOf = (told: Map<string, Told>, entities: Pick<Entity, "key">[]): Told[] =>
  [...told.values()].filter(({ key, removed }) => removed && !entities.some((one) => one.key === key));

/** Fields of other kinds that link to one: they stay empty while it is removed. */
export const linkingTo = (entities: Entity[], key: string): { entity: Entity; field: Field }[] =>
  entities
    .filter((one) => one.key !== key)
    .flatMap((entity) => linksTo(entity, key).map((field) => ({ entity, field })));
