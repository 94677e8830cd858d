/** Loads a script in an idle moment: what is typed right after a press must not wait for it. */
import { useEffect } from "react";

/** `load` is one and the same function each time; a failure is met when the script is needed. */
export function useAhead(load: () => Promise<unknown>, after_ms: number): void {
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), after_ms);
    return () => clearTimeout(timer);
  }, [load, after_ms]);
}
