/** Which of the rows that are here a person wants to see, and under which heads. Pure. */
import type { Field, FieldType, RecordData } from "@/api/types";

/** By field: the texts to keep, or words to look for. */
export type Narrowing = Record<string, string[] | string>;

const few = new Set<FieldType>([
  "choice",
  "choices",
  "stage",
  "pipeline",
  "boolean",
  "user",
  "department",
  "link",
  "links",
]);

/** Whether a filter offers what there is; else it looks for words. */
export const isFew = (field: Field): boolean => few.has(field.type);

type TextOf = (record: RecordData, key: string) => string;

export function narrow(records: RecordData[], by: Narrowing, textOf: TextOf): RecordData[] {
  const wanted = Object.entries(by).filter(([, value]) => value.length > 0);
  if (wanted.length === 0) return records;
  return records.filter((record) =>
    wanted.every(([key, value]) => {
      const text = textOf(record, key);
      return typeof value === "string"
        ? text.toLocaleLowerCase().includes(value.toLocaleLowerCase())
        : value.includes(text);
    }),
  );
}

/** The texts a field has, in their order; what is empty is not offered. */
export function textsOf(records: RecordData[], key: string, textOf: TextOf): string[] {
  const texts = new Set(records.map((record) => textOf(record, key)).filter(Boolean));
  return [...texts].sort((left, right) => left.localeCompare(right, undefined, { numeric: true }));
}

export interface Group {
  label: string;
  records: RecordData[];
}

/** Rows of one text each, in the order in which they come; without a text last. */
export function groupsOf(records: RecordData[], key: string, textOf: TextOf): Group[] {
  const groups = new Map<string, RecordData[]>();
  for (const record of records) {
    const label = textOf(record, key);
    groups.set(label, [...(groups.get(label) ?? []), record]);
  }
  const all = [...groups].map(([label, members]) => ({ label, records: members }));
  return [...all.filter(({ label }) => label), ...all.filter(({ label }) => !label)];
}
