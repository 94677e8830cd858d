/** Which papers a document has, and what can be done with them. Pure. */
import type { LetterDraft, Paper } from "@/api/papers";
import type { Fields } from "@/api/types";

/** The usual one first. */
export function papersOf(entity: string, fields: Fields): Paper[] {
  switch (entity) {
    case "quote":
      return ["quote"];
    case "order":
      return ["order", "act"];
    case "invoice":
      return fields.kind === "credit" ? ["credit"] : ["invoice", "act"];
    default:
      return [];
  }
}

export const isDraft = (fields: Fields) => (fields.state ?? "draft") === "draft";

/** Whether a letter with it can be asked for; whoever cannot sees why elsewhere: its state. */
export function sendable(entity: string, fields: Fields): boolean {
  if (papersOf(entity, fields).length === 0 || fields.revised === true) return false;
  const state = String(fields.state ?? "draft");
  if (state === "void" || state === "cancelled") return false;
  return entity !== "order" || state !== "draft";
}

/** What a letter is written with. */
export interface Written {
  to: string[];
  cc: string[];
  subject: string;
  text: string;
}

export const writtenBy = ({ recipients, subject, text }: LetterDraft): Written => ({
  to: recipients.slice(0, 1).map(({ address }) => address),
  cc: [],
  subject,
  text,
});

/** The draft in another language: what somebody typed stays. */
export const rewritten = (now: Written, before: LetterDraft, after: LetterDraft): Written => ({
  ...now,
  subject: now.subject === before.subject ? after.subject : now.subject,
  text: now.text === before.text ? after.text : now.text,
});
