/** On paper: by what the records were narrowed, in words, where the screen has chips. */
import type { Entity, Filter } from "@/api/types";
import { summaryOf, useSummaryContext } from "@/engines/filters/filter-bar";
import { PrintNote } from "@/ui/table";

interface Props {
  entity: Entity;
  filter?: Filter;
  q?: string;
}

export function PrintedFilter({ entity, filter, q }: Props) {
  const context = useSummaryContext(entity, filter);
  const said = [filter && summaryOf(filter, context), q && `“${q}”`].filter(Boolean).join(" · ");
  return said ? <PrintNote>{said}</PrintNote> : null;
}
