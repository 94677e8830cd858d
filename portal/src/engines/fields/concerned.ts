/** What a record such as a task is about. */
import type { RecordData, Refs } from "@/api/types";

export interface Concerned {
  entity: string;
  id: string;
  title: string;
}

/** Absent where a record is about nothing, or about what the person may not see. */
export function concernedBy(record: RecordData, refs: Refs): Concerned | undefined {
  const { record_entity: entity, record_id: id } = record.fields;
  if (typeof entity !== "string" || typeof id !== "string") return undefined;
  const title = refs[id]?.title;
  return title ? { entity, id, title } : undefined;
}
