/** The side panel, loaded in an idle moment after the board or list that it opens over. */
import { lazy, Suspense } from "react";
import { useAhead } from "@/ui/use-ahead";
import type { Props } from "./panel";

const load = () => import("./panel");
const Panel = lazy(load);

export function RecordPanel(props: Props) {
  return (
    <Suspense>
      <Panel {...props} />
    </Suspense>
  );
}

/** So that the first press on a card does not wait for a script. */
export const usePanelAhead = () => useAhead(load, 400);
