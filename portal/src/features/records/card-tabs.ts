/** The tabs of a card: which there are, which is open, and which holds a field that could not be saved. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { CardLayout, RecordData } from "@/api/types";
import { useProblems } from "@/engines/fields/unsaved";

/** What a person types into. */
const typed = "input, textarea, [contenteditable='true']";

/** Keys of the fields that stand in some tab of a layout. */
export const placedIn = ({ sections, tabs = [] }: CardLayout): Set<string> =>
  new Set([...sections, ...tabs.flatMap((tab) => tab.sections)].flatMap(({ fields }) => fields));

/** Names of the modules' surfaces that a layout places; the others stand where the product puts them. */
export const blocksIn = ({ blocks = [], tabs = [] }: CardLayout): Set<string> =>
  new Set([...blocks, ...tabs.flatMap((tab) => tab.blocks ?? [])]);

/** The tab that a field stands in; none: the first. */
export const tabOf = ({ tabs = [] }: CardLayout, field: string): string | undefined =>
  tabs.find(({ sections }) => sections.some(({ fields }) => fields.includes(field)))?.key;

/** Where to go for what has just gone wrong: nowhere while some of it stands in the open tab. */
export function tabToOpen(
  layout: CardLayout,
  open: string | undefined,
  wrong: string[],
): { tab: string | undefined } | undefined {
  const tabs = wrong.map((field) => tabOf(layout, field));
  return tabs.length === 0 || tabs.includes(open) ? undefined : { tab: tabs[0] };
}

export interface CardTabs {
  /** The open one; none: the first. */
  chosen: string | undefined;
  open(tab: string | undefined): void;
  /** Tabs with a field that could not be saved; of the first `undefined` stands in it. */
  wrong: ReadonlySet<string | undefined>;
}

export function useCardTabs(layout: CardLayout, record: RecordData, place: "panel" | "page"): CardTabs {
  const [chosen, open] = useTab(place);
  const keys = useMemo(() => (layout.tabs?.length ? [...placedIn(layout)] : []), [layout]);
  const problems = useProblems(record, keys);
  const wrong = useMemo(() => problems.split(" ").filter(Boolean), [problems]);
  const before = useRef<string[]>([]);
  useEffect(() => {
    const fresh = wrong.filter((key) => !before.current.includes(key));
    before.current = wrong;
    // Typing is not interrupted: the mark on the tab says it all the same.
    if (document.activeElement?.matches(typed)) return;
    const next = tabToOpen(layout, chosen, fresh);
    if (next) open(next.tab);
  });
  return {
    chosen,
    open,
    wrong: useMemo(() => new Set(wrong.map((key) => tabOf(layout, key))), [layout, wrong]),
  };
}

/** The open tab: of a page it stands in the address, beside a list it is only for now. */
function useTab(place: "panel" | "page"): [string | undefined, (tab: string | undefined) => void] {
  const [here, setHere] = useState<string>();
  const navigate = useNavigate();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  if (place === "panel") return [here, setHere];
  return [
    tab,
    (next) =>
      void navigate({
        to: ".",
        search: (old: Record<string, unknown>) => ({ ...old, tab: next }),
        replace: true,
      }),
  ];
}
