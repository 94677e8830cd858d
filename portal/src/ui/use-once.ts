/** What is pressed twice in one breath is done once: a second call while the first goes on is none. */
import { useCallback, useRef } from "react";

export function useOnce<Given extends unknown[]>(
  run: (...given: Given) => Promise<unknown>,
): (...given: Given) => void {
  const busy = useRef(false);
  const now = useRef(run);
  now.current = run;
  return useCallback((...given: Given) => {
    if (busy.current) return;
    busy.current = true;
    const over = () => {
      busy.current = false;
    };
    // What went wrong is said by whoever runs it.
    now.current(...given).then(over, over);
  }, []);
}
