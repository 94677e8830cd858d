import { describe, expect, it } from "vitest";
import type { LetterDraft } from "@/api/papers";
import { papersOf, rewritten, sendable, writtenBy } from "./papers";

const draft = (subject: string, text: string): LetterDraft => ({
  template: "quote",
  locale: "en",
  recipients: [
    { address: "a@example.com", name: "A" },
    { address: "b@example.com", name: "B" },
  ],
  subject,
  text,
  file_name: "Quote.pdf",
  mail: true,
});

describe("papers", () => {
  it("are those of the document's kind", () => {
    expect(papersOf("invoice", { kind: "credit" })).toEqual(["credit"]);
    expect(papersOf("invoice", { kind: "invoice" })).toEqual(["invoice", "act"]);
    expect(papersOf("deal", {})).toEqual([]);
  });

  it("are sent of what counts", () => {
    expect(sendable("quote", { state: "draft" })).toBe(true);
    expect(sendable("quote", { state: "sent", revised: true })).toBe(false);
    expect(sendable("order", { state: "draft" })).toBe(false);
    expect(sendable("order", { state: "confirmed" })).toBe(true);
    expect(sendable("invoice", { state: "void" })).toBe(false);
  });

  it("keep what was typed when the language changes", () => {
    const [english, ukrainian] = [draft("Quote", "Hello"), draft("Пропозиція", "Вітаємо")];
    const written = { ...writtenBy(english), text: "Hello, Ann" };
    expect(written.to).toEqual(["a@example.com"]);
    expect(rewritten(written, english, ukrainian)).toMatchObject({
      subject: "Пропозиція",
      text: "Hello, Ann",
    });
  });
});
