/**
 * What was typed and is not saved yet: kept in this tab over a reload, Back and the end of a session; where the
 * browser's storage is full or closed, until a reload.
 */
const prefix = "verstak.draft.";
const owner = "verstak.drafts-of";
/** All of them: thousands of cells ask, few have one. */
let known: Map<string, unknown> | undefined;
/** Nothing is read of what is kept, and nothing is kept. */
let aside = false;

function drafts(): Map<string, unknown> {
  if (known) return known;
  known = new Map();
  try {
    for (const key of Object.keys(sessionStorage).filter((one) => one.startsWith(prefix))) {
      known.set(key.slice(prefix.length), JSON.parse(sessionStorage.getItem(key) ?? "null"));
    }
  } catch {
    // Closed or damaged: what could be read is there.
  }
  return known;
}

/** The same object until it is kept or dropped. */
export const readDraft = <T>(key: string): T | undefined => drafts().get(key) as T | undefined;

export function keepDraft(key: string, value: unknown): void {
  drafts().set(key, value);
  if (aside) return;
  try {
    sessionStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Full or closed: it lives as long as the page.
  }
}

export function dropDraft(key: string): void {
  drafts().delete(key);
  if (aside) return;
  try {
    sessionStorage.removeItem(prefix + key);
  } catch {
    // A closed storage holds nothing.
  }
}

/** While an administrator looks as somebody else: neither their drafts nor anybody's are shown, sent or lost. */
export function leaveDraftsAside(): void {
  if (aside) return;
  aside = true;
  known = new Map();
}

/** Another person at this tab neither sees nor sends what the one before typed. */
export function draftsBelongTo(person: string): void {
  try {
    const before = sessionStorage.getItem(owner);
    sessionStorage.setItem(owner, person);
    if (!before || before === person) return;
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(prefix)) sessionStorage.removeItem(key);
    }
  } catch {
    // A closed storage holds nothing.
  }
  known = undefined;
}
