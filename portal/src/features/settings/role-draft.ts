/**
 * What was changed in a role and is not saved yet: kept in this tab, so that Back, another page, a reload or the end of
 * the session take nothing.
 */
import { useState } from "react";
import type { Entity, Role } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { type Draft, draftOf } from "./rights";

interface Kept {
  draft: Draft;
  /** The role as it was when the editing began. */
  base: string;
}

const placeOf = (id: string | undefined) => `role.${id ?? "new"}`;

/** Whether there is something unsaved of this role. */
export const hasRoleDraft = (id: string | undefined) => readDraft<Kept>(placeOf(id)) !== undefined;

export function useRoleDraft(role: Role | undefined, entities: Entity[]) {
  const place = placeOf(role?.id);
  const [saved] = useState(() => draftOf(role, entities));
  const base = JSON.stringify(saved);
  const [kept] = useState(() => readDraft<Kept>(place));
  const [draft, setDraft] = useState<Draft>({ ...saved, ...kept?.draft });
  return {
    draft,
    dirty: JSON.stringify(draft) !== base,
    /** Somebody changed the role since the kept words were typed: saving puts these over theirs. */
    outdated: kept !== undefined && kept.base !== base,
    put(part: Partial<Draft>) {
      const next = { ...draft, ...part };
      setDraft(next);
      if (JSON.stringify(next) === base) dropDraft(place);
      else keepDraft(place, { draft: next, base: kept?.base ?? base });
    },
    /** Saved or thrown away; `back` brings what was thrown away. */
    drop() {
      const before = draft;
      dropDraft(place);
      setDraft(saved);
      return {
        back() {
          setDraft(before);
          keepDraft(place, { draft: before, base });
        },
      };
    },
  };
}
