/** What was asked and answered last, together: while a new question is counted, the old answer stays with its own. */
import { useRef } from "react";

export function useLast<T>(present: T, settled: boolean): T {
  const last = useRef(present);
  if (settled) last.current = present;
  return last.current;
}
