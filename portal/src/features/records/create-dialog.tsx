/** The form of a new record, at the right over any page. */
import { Drawer } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { createRecord, refreshAround } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Field, Fields, RecordData } from "@/api/types";
import { isEditable } from "@/engines/fields/kinds";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { FormBody } from "@/engines/form/form";
import type { FormSource } from "@/engines/source";
import { type Creating, closeCreate } from "@/state/creating";
import { toast } from "@/ui/toast";

export default function CreateDialog({ creating }: { creating: Creating }) {
  const { t } = useTranslation("card");
  const entity = useEntity(creating.entity);
  if (!entity) return null;
  return (
    <Drawer
      opened
      onClose={closeCreate}
      position="right"
      size={520}
      title={t("new_record", { entity: entity.label })}
      closeButtonProps={{ "aria-label": t("close_form") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <CreateForm entity={entity} preset={creating.fields} />
    </Drawer>
  );
}

/** The title, then the fields of the layout that a person may fill. */
function fillable(entity: Entity): Field[] {
  const order = [entity.title_field, ...entity.layout.sections.flatMap((section) => section.fields)];
  const required = entity.fields.filter((field) => field.required).map((field) => field.key);
  return [...new Set([...order, ...required])]
    .map((key) => fieldOf(entity, key))
    .filter(
      (field): field is Field =>
        field !== undefined && isEditable(field) && field.type !== "pipeline" && field.type !== "stage",
    );
}

function CreateForm({ entity, preset }: { entity: Entity; preset: Fields }) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const { user } = useMe();
  const navigate = useNavigate();
  const source = useMemo<FormSource>(
    () => ({
      key: entity.key,
      shape: entity,
      fields: fillable(entity),
      preset,
      refs: { [user.id]: { entity: "user", title: user.name } },
      submit: (fields, key) => createRecord(entity.key, fields, key),
    }),
    [entity, preset, user.id, user.name],
  );
  const done = (record: RecordData) => {
    queryClient.setQueryData(keys.record(entity.key, record.id), record);
    void queryClient.invalidateQueries({ queryKey: keys.records(entity.key) });
    refreshAround(entity.key);
    closeCreate();
    toast({
      message: t("card:created", { title: titleOf(entity, record.fields, t("fields:untitled")) }),
      action: {
        label: t("card:open"),
        run: () =>
          void navigate({ to: "/records/$entity/$id", params: { entity: entity.key, id: record.id } }),
      },
    });
  };
  return (
    <FormBody
      source={source}
      label={t("card:new_record", { entity: entity.label })}
      action={t("common:create")}
      onDone={done}
    />
  );
}
