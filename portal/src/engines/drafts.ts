/**
 * What was typed and is not saved yet: kept in this tab over a reload, Back and the end of a session; where the
 * browser's storage is full or closed, until a reload.
 */
const prefix = "verstak.draft.";
const owner = "verstak.drafts-of";
const known = new Map<string, unknown>();

/** The same object until it is kept or dropped. */
export function readDraft<T>(key: string): T | undefined {
  if (!known.has(key)) known.set(key, stored(key));
  return known.get(key) as T | undefined;
}

function stored(key: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(prefix + key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepDraft(key: string, value: unknown): void {
  known.set(key, value);
  try {
    sessionStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Full or closed: it lives as long as the page.
  }
}

export function dropDraft(key: string): void {
  known.set(key, undefined);
  try {
    sessionStorage.removeItem(prefix + key);
  } catch {
    // A closed storage holds nothing.
  }
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
  known.clear();
}
