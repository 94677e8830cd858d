/** One edits at a time: the lease of a drawing, taken for 90 seconds and renewed every 30 while the page is open. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Lease, releaseLease, takeLease } from "@/api/drawings";
import { ApiError } from "@/api/problem";
import type { Id } from "@/api/types";
import { currentOf } from "./autosave";

const RENEW_MS = 30_000;

export type LeaseState = { at: "asking" } | { at: "mine" } | { at: "theirs"; lease: Lease | undefined };

/** `wanted`: not on a phone, where a drawing is only looked at. */
export function useLease(id: Id, wanted: boolean) {
  const [state, setState] = useState<LeaseState>({ at: "asking" });
  const mine = useRef(false);
  const ask = useCallback(
    async (over: boolean) => {
      try {
        await takeLease(id, over);
        mine.current = true;
        setState((before) => (before.at === "mine" ? before : { at: "mine" }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) {
          mine.current = false;
          setState({ at: "theirs", lease: currentOf<Lease>(error) });
        } else {
          // No line: the save itself is guarded by its revision.
          setState((before) => (before.at === "asking" ? { at: "mine" } : before));
        }
      }
    },
    [id],
  );
  useEffect(() => {
    if (!wanted) return;
    void ask(false);
    const renew = setInterval(() => mine.current && void ask(false), RENEW_MS);
    return () => {
      clearInterval(renew);
      if (mine.current) releaseLease(id).catch(() => undefined);
      mine.current = false;
    };
  }, [id, wanted, ask]);
  return { state, take: () => ask(false), takeOver: () => ask(true) };
}
