/** Kinds of records as an administrator sees them: whose they are, keys, names, and their places in the menu. Pure. */
import type { EntityPatch, NewEntity } from "@/api/entities";
import type { Entity, Field } from "@/api/types";
import { linksTo } from "@/engines/related";
import { noWords, said, type Words } from "./fields-model";

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

/** Its names as they are kept, to be changed. */
export const namesOf = ({ labels, labels_plural }: Pick<Entity, "labels" | "labels_plural">) => ({
  label: { ...noWords(), ...labels },
  plural: { ...noWords(), ...labels_plural },
});

/** How a kind stands in the menu while that is changed. */
export interface MenuDraft {
  /** The name of a picture; empty: the one that all share. */
  icon: string;
  shown: boolean;
  /** The key of what it stands before; empty: at the end. */
  before: string;
}

/** `all`: what it may stand before; of what is not there any more nothing is kept. */
export const menuDraft = ({ icon, menu }: Pick<Entity, "icon" | "menu">, all: string[]): MenuDraft => ({
  icon: icon ?? "",
  shown: menu?.shown ?? true,
  before: all.find((key) => key === menu?.before) ?? "",
});

export const menuPatch = ({ icon, shown, before }: MenuDraft): EntityPatch => ({
  icon,
  menu: { shown, before: before || null },
});

/** Fields of other kinds that link to one: they stay empty while it is removed. */
export const linkingTo = (entities: Entity[], key: string): { entity: Entity; field: Field }[] =>
  entities
    .filter((one) => one.key !== key)
    .flatMap((entity) => linksTo(entity, key).map((field) => ({ entity, field })));
