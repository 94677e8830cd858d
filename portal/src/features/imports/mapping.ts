/** Which column of a file goes into which field: the changes a person makes and what to warn of. Pure. */
import type { Entity, Import, ImportColumn, ImportTarget, Mapped, ValueMeaning } from "@/api/types";

export const fullName = "full_name";
const nameParts = ["last_name", "first_name", "middle_name"];

export function fieldOf(mapping: Mapped[], column: number): string | null {
  return mapping.find((entry) => entry.column === column)?.field ?? null;
}

/** A full name and its parts exclude each other; so do two columns for a field that holds one value. */
function clash(chosen: string, other: string, targets: ImportTarget[]): boolean {
  if (chosen === other) return !targets.find((target) => target.key === chosen)?.many;
  return (
    (chosen === fullName && nameParts.includes(other)) || (other === fullName && nameParts.includes(chosen))
  );
}

/** The last choice wins: columns it clashes with are left out from now on. */
export function choose(
  mapping: Mapped[],
  targets: ImportTarget[],
  column: number,
  field: string | null,
): Mapped[] {
  const known = mapping.some((entry) => entry.column === column) ? mapping : [...mapping, { column }];
  return known.map((entry) => {
    if (entry.column === column) return { column, field };
    if (field && entry.field && clash(field, entry.field, targets)) return { ...entry, field: null };
    return entry;
  });
}

/** Columns that `choose` would leave out. */
export function takenFrom(
  mapping: Mapped[],
  targets: ImportTarget[],
  columns: ImportColumn[],
  column: number,
  field: string,
): ImportColumn[] {
  return columns.filter((other) => {
    const theirs = fieldOf(mapping, other.index);
    return other.index !== column && theirs !== null && clash(field, theirs, targets);
  });
}

export function leftOut(mapping: Mapped[], columns: ImportColumn[]): ImportColumn[] {
  return columns.filter((column) => fieldOf(mapping, column.index) === null);
}

/** Required fields without a column, by label. Stages and yes/no have defaults; people are named by their name. */
export function missingRequired(entity: Entity, mapping: Mapped[], targets: ImportTarget[]): string[] {
  const used = new Set(mapping.flatMap((entry) => entry.field ?? []));
  const named = targets.some((target) => target.key === fullName);
  const hasName = [fullName, ...nameParts].some((key) => used.has(key));
  return targets
    .filter((target) => {
      const field = entity.fields.find((one) => one.key === target.key);
      if (!field?.required || field.type === "stage" || field.type === "boolean") return false;
      if (field.key === entity.title_field && named && hasName) return false;
      return !used.has(target.key);
    })
    .map((target) => target.label);
}

/** What is sent: each column once, in the order of the file. */
export function toSend(mapping: Mapped[], columns: ImportColumn[]): Mapped[] {
  return columns.map(({ index }) => {
    const field = fieldOf(mapping, index);
    const values = field ? meaningsOf(mapping, index) : [];
    return values.length > 0 ? { column: index, field, values } : { column: index, field };
  });
}

/** Letter case and double spaces do not tell values apart. */
const alike = (text: string) => text.trim().replace(/\s+/g, " ").toLowerCase();

export function meaningsOf(mapping: Mapped[], column: number): ValueMeaning[] {
  return mapping.find((entry) => entry.column === column)?.values ?? [];
}

export function meaningOf(mapping: Mapped[], column: number, from: string): ValueMeaning | undefined {
  return meaningsOf(mapping, column).find((value) => alike(value.from) === alike(from));
}

/** Says what a value of a column means: `null` nothing at all, `undefined` what it means by itself. */
export function mean(
  mapping: Mapped[],
  column: number,
  from: string,
  to: string | null | undefined,
): Mapped[] {
  return mapping.map((entry) => {
    if (entry.column !== column) return entry;
    const others = (entry.values ?? []).filter((value) => alike(value.from) !== alike(from));
    return { ...entry, values: to === undefined ? others : [...others, { from, to }] };
  });
}

const worded = new Set([
  "choice",
  "choices",
  "stage",
  "boolean",
  "user",
  "currency",
  "link",
  "links",
  "record",
]);

/** Whether values of a field are words that may stand for others. */
export function hasMeanings(entity: Entity, field: string | null): boolean {
  if (field === null) return false;
  if (field === "rows.product" || field === "rows.tax") return true;
  return worded.has(entity.fields.find((one) => one.key === field)?.type ?? "");
}

/** The rows that may be the last of a header that begins with one. */
export function lastRows(top: Import["top"], first: number): Import["top"] {
  const at = top.findIndex(({ row }) => row === first);
  return at < 0 ? [] : top.slice(at, at + 3);
}

export function sameChoices(left: Mapped[], right: Mapped[], columns: ImportColumn[]): boolean {
  return JSON.stringify(toSend(left, columns)) === JSON.stringify(toSend(right, columns));
}

/** Name of a column for people: a header may be empty. */
export function columnName(column: ImportColumn, unnamed: (number: number) => string): string {
  return column.name.trim() || unnamed(column.index + 1);
}

/** Where the wizard stands: 0 file, 1 columns, 2 check, 3 import. */
export function stepOf(one: Pick<Import, "state" | "batch">): number {
  switch (one.state) {
    case "uploaded":
      return 1;
    case "checking":
    case "checked":
      return 2;
    case "failed":
      // A dry run may fail too.
      return one.batch ? 3 : 1;
    default:
      return 3;
  }
}
