/** Templates of papers as forms show them. Pure. */
import type { PaperColumn, PaperSettings, PaperTexts } from "@/api/document-templates";
import type { OwnTemplate } from "@/api/own-templates";
import type { Language, Paper } from "@/api/papers";

export const papers: Paper[] = ["quote", "order", "invoice", "credit", "act"];
export const columns: PaperColumn[] = [
  "number",
  "title",
  "quantity",
  "unit",
  "price",
  "discount",
  "tax",
  "total",
];
export const parts = ["intro", "footer", "subject", "letter"] as const;
export type TextPart = (typeof parts)[number];

/** What `?edit=` opens: one of ours, one of the company's own, an upload. */
export type Opened =
  | { kind: "ours"; key: Paper }
  | { kind: "own"; id: string }
  | { kind: "new" }
  | { kind: "nothing" };

export function openedBy(edit: string | undefined): Opened {
  if (!edit) return { kind: "nothing" };
  if (edit === "new") return { kind: "new" };
  const paper = papers.find((key) => key === edit);
  return paper ? { kind: "ours", key: paper } : { kind: "own", id: edit };
}

/** Which kinds of paper a template of an entity can stand for; none of what is no document of sale. */
export function papersFor(entity: string): Paper[] {
  if (entity === "quote") return ["quote"];
  if (entity === "order") return ["order", "act"];
  if (entity === "invoice") return ["invoice", "credit", "act"];
  return [];
}

/** Whether the order of columns and what is among them may stay: at least one. */
export function withColumn(chosen: PaperColumn[], column: PaperColumn, on: boolean): PaperColumn[] {
  if (!on) return chosen.filter((one) => one !== column);
  if (chosen.includes(column)) return chosen;
  return [...chosen, column];
}

/** A column one place up or down. */
export function moved(chosen: PaperColumn[], column: PaperColumn, by: -1 | 1): PaperColumn[] {
  const at = chosen.indexOf(column);
  const other = chosen[at + by];
  if (at < 0 || other === undefined) return chosen;
  return chosen.map((one) => (one === column ? other : one === other ? column : one));
}

const nothing: PaperTexts = { intro: null, footer: null, subject: null, letter: null };

export const textsOf = (settings: PaperSettings, language: Language): PaperTexts => ({
  ...nothing,
  ...settings.texts[language],
});

/** Settings with a text; an empty one is the product's own, and a language without texts is left out. */
export function withText(
  settings: PaperSettings,
  language: Language,
  part: TextPart,
  text: string,
): PaperSettings {
  const texts = { ...textsOf(settings, language), [part]: text.trim() === "" ? null : text };
  const { [language]: _, ...others } = settings.texts;
  const empty = parts.every((one) => texts[one] === null);
  return { ...settings, texts: empty ? others : { ...others, [language]: texts } };
}

/** Colours of papers that are offered; any other can be typed. */
export const colors = ["#1f4e79", "#0b6e4f", "#8a1c1c", "#5b2a86", "#8a5a00", "#333333"];

/** Templates by entity, in the order in which entities come. */
export function byEntity(own: OwnTemplate[], entities: string[]): [string, OwnTemplate[]][] {
  const all = [...new Set([...entities, ...own.map(({ entity }) => entity)])];
  return all
    .map((entity): [string, OwnTemplate[]] => [entity, own.filter((one) => one.entity === entity)])
    .filter(([, templates]) => templates.length > 0);
}

/** Whole kibibytes as people read them. */
export const kibibytes = (bytes: number) => Math.max(1, Math.round(bytes / 1024));
