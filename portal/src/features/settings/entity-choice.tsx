/** Which entity the page below is about. */
import { Select } from "@mantine/core";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { openOf } from "./fields-model";

/** The one that the address names, else deals. */
export function useChosenEntity(editing: string | undefined): Entity | undefined {
  const entities = useEntities();
  const key = openOf(editing).entity ?? "deal";
  return entities.find((one) => one.key === key) ?? entities.find(({ inner }) => !inner);
}

interface Props {
  label: string;
  entity: Entity;
  onChoose(key: string): void;
}

export function EntityChoice({ label, entity, onChoose }: Props) {
  const entities = useEntities();
  return (
    <Select
      label={label}
      allowDeselect={false}
      searchable
      maw={360}
      mb="lg"
      data={entities.map((one) => ({ value: one.key, label: one.label_plural }))}
      value={entity.key}
      onChange={(key) => key && onChoose(key)}
    />
  );
}
