/** The record that a process is about, as a field of a form: which entities it may be of, and which was picked. */
import type { Entity, Field, Id, Refs } from "@/api/types";
import type { Shape } from "@/engines/source";

/** The shape around a field that belongs to no entity. */
export const subjectShape = {
  key: "process",
  label: "",
  label_plural: "",
  title_field: "",
  actions: {},
  fields: [],
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
} as unknown as Shape;

export const baseField = {
  required: false,
  read_only: false,
  system: false,
  own: false,
  sortable: false,
  filterable: false,
};

/** A process is about a record people work with: not a task, not a line of a timeline. */
const subjectsOf = (entities: Entity[]) =>
  entities
    .filter((entity) => entity.actions.read && entity.key !== "task" && entity.key !== "activity")
    .map(({ key }) => key);

export const subjectField = (entities: Entity[], label: string) =>
  ({ ...baseField, key: "subject", type: "link", label, entities: subjectsOf(entities) }) as Field;

/** The form knows ids; which entity a record is of, the picker's titles know. */
export function subjectOf(value: unknown, refs: Refs): { entity: string; id: Id } | null {
  const id = typeof value === "string" ? value : undefined;
  const entity = id && refs[id]?.entity;
  return id && entity ? { entity, id } : null;
}
