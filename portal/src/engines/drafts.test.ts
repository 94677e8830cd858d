// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";

it("drafts are neither shown nor lost while somebody looks as another", async () => {
  const own = await import("./drafts");
  own.draftsBelongTo("me");
  own.keepDraft("note", "mine");
  vi.resetModules();
  const aside = await import("./drafts");
  aside.leaveDraftsAside();
  expect(aside.readDraft("note")).toBeUndefined();
  aside.keepDraft("note", "theirs");
  aside.dropDraft("note");
  vi.resetModules();
  const again = await import("./drafts");
  again.draftsBelongTo("me");
  expect(again.readDraft("note")).toBe("mine");
});
