/** Which rows are chosen: one by one, a range with Shift, all that are loaded, or all there are. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { Id, RecordData } from "@/api/types";

export interface Selection {
  ids: ReadonlySet<Id>;
  has(id: Id): boolean;
  toggle(index: number, range: boolean): void;
  toggleAll(): void;
  set(ids: Iterable<Id>): void;
  clear(): void;
  all: boolean;
  some: boolean;
}

/** `scope` names what is listed: another filter starts anew. */
export function useSelection(records: RecordData[], scope: string): Selection {
  const [ids, setIds] = useState<ReadonlySet<Id>>(new Set());
  const anchor = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(() => setIds(new Set()), [scope]);

  return useMemo(() => {
    const all = records.length > 0 && records.every((record) => ids.has(record.id));
    return {
      ids,
      has: (id) => ids.has(id),
      toggle(index, range) {
        setIds((old) => {
          const next = new Set(old);
          const record = records[index];
          if (!record) return old;
          if (range) {
            const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
            for (const one of records.slice(from, to + 1)) next.add(one.id);
          } else if (!next.delete(record.id)) next.add(record.id);
          anchor.current = index;
          return next;
        });
      },
      toggleAll: () => setIds(all ? new Set() : new Set(records.map((record) => record.id))),
      set: (next) => setIds(new Set(next)),
      clear: () => setIds(new Set()),
      all,
      some: ids.size > 0 && !all,
    };
  }, [ids, records]);
}
