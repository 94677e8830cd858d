/** The filter that opens a figure's records, as the list shows it best: conditions one beside another. Pure. */
import type { Filter } from "@/api/types";

/** What is nested without need is not; what it means stays the same. */
export function flattened(filter: Filter): Filter {
  const parts = partsOf(filter);
  const [only] = parts;
  return only && parts.length === 1 ? only : { and: parts };
}

function partsOf(filter: Filter): Filter[] {
  if (!("and" in filter)) return [alternatives(filter)];
  return filter.and.flatMap(partsOf);
}

/** One field with one of several values is one condition. */
function alternatives(filter: Filter): Filter {
  if (!("or" in filter)) return filter;
  const tests = filter.or.flatMap((part) =>
    "field" in part && part.op === "eq" && ["string", "number"].includes(typeof part.value) ? [part] : [],
  );
  const [first] = tests;
  if (!first || tests.length !== filter.or.length || tests.some(({ field }) => field !== first.field)) {
    return filter;
  }
  return { field: first.field, op: "in", value: tests.map(({ value }) => value) };
}
