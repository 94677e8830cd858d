/** The form of a new record, at the right over any page. */
import { Drawer } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { evaluate } from "@/api/evaluate";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { createRecord, refreshAround, refreshConcerned } from "@/api/records";
import { saveFields } from "@/api/save";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Fields, RecordData, Refs } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import { brief, fillable, presetOf } from "@/engines/form/fields";
import { FormBody } from "@/engines/form/form";
import type { FormSource } from "@/engines/source";
import { withRecordTexts } from "@/i18n";
import { type Creating, closeCreate } from "@/state/creating";
import { toast, toastError } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { beginsIn, laidIn } from "./laid-in";

const Alike = lazy(() => withRecordTexts(() => import("./alike")));

export default function CreateDialog({ creating }: { creating: Creating }) {
  useFocusBack();
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
      <CreateForm entity={entity} preset={creating.fields} known={creating.refs} />
    </Drawer>
  );
}

function CreateForm({ entity: whole, preset, known }: { entity: Entity; preset: Fields; known: Refs }) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const me = useMe();
  const navigate = useNavigate();
  const entity = useMemo(() => laidIn(whole, beginsIn(whole, preset)), [whole, preset]);
  const source = useMemo<FormSource>(() => {
    const { fields, refs } = presetOf(entity, me);
    return {
      key: entity.key,
      shape: entity,
      fields: fillable(entity),
      first: brief(entity),
      preset: { ...fields, ...preset },
      refs: { ...refs, ...known },
      submit: (typed, key, _, reason) => createRecord(entity.key, typed, key, reason),
      ask: entity.evaluated ? (typed, signal) => evaluate(entity.key, undefined, typed, signal) : undefined,
    };
  }, [entity, preset, known, me]);
  const done = (record: RecordData, later: Fields) => {
    // Typed while the record was being made: it belongs to it.
    if (Object.keys(later).length > 0) saveFields(record, later).catch((error) => toastError(error));
    queryClient.setQueryData(keys.record(entity.key, record.id), record);
    void queryClient.invalidateQueries({ queryKey: keys.records(entity.key) });
    refreshAround(entity.key);
    refreshConcerned(record);
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
      hint={(values) =>
        entity.duplicates &&
        entity.duplicates !== "off" && (
          <Suspense>
            <Alike entity={entity} fields={values} />
          </Suspense>
        )
      }
      onDone={done}
    />
  );
}
