/** Which templates a record has: ours and the company's own, the usual one first. Pure. */
import type { OwnTemplate } from "@/api/own-templates";
import type { Paper } from "@/api/papers";
import type { Fields, Id } from "@/api/types";
import { papersOf } from "./papers";

export interface TemplateChoice {
  /** Of the list: the key of one of ours, or the id of an own one. */
  value: string;
  paper?: Paper;
  own?: Id;
  /** Of an own one; ours are named by their kind. */
  title?: string;
  /** It makes a Word file. */
  word: boolean;
}

export function choicesOf(entity: string, fields: Fields, templates: OwnTemplate[]): TemplateChoice[] {
  const papers = papersOf(entity, fields);
  const fitting = templates.filter(
    (one) => one.entity === entity && (one.paper ? papers.includes(one.paper) : papers.length === 0),
  );
  const usual = fitting.find((one) => one.usual && (one.paper ?? undefined) === papers[0]);
  const choice = (one: OwnTemplate): TemplateChoice => ({
    value: one.id,
    own: one.id,
    title: one.title,
    word: one.kind === "docx",
    ...(one.paper && { paper: one.paper }),
  });
  return [
    ...(usual ? [choice(usual)] : []),
    ...papers.map((paper): TemplateChoice => ({ value: paper, paper, word: false })),
    ...fitting.filter((one) => one !== usual).map(choice),
  ];
}

/** What the server is asked with: ours by its key, an own one by its id. */
export const askedBy = (choice: TemplateChoice | undefined): { template?: Paper; own?: Id } => {
  if (!choice) return {};
  return choice.own ? { own: choice.own } : { template: choice.paper };
};
