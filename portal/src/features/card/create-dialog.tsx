/**
 * The form of a new record. What is typed is kept in this tab until the record is made or the form is
 * cleared; the server's reasons stand beside their fields.
 */
import { Button, Drawer } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { keys } from "@/api/keys";
import { ApiError, messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { createRecord, refreshAround } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Field, Fields, Refs } from "@/api/types";
import { FieldEditor } from "@/features/fields/editor";
import { withoutEmpty } from "@/features/fields/multi-editor";
import { fieldOf, isEmpty, titleOf } from "@/features/fields/text";
import { FormActions, FormFields, FormNote } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { type Creating, closeCreate } from "./create-store";

interface Draft {
  fields: Fields;
  refs: Refs;
}

const storageKey = (entity: string) => `verstak.new.${entity}`;

function storedDraft(entity: string): Draft | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(entity)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

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
        field !== undefined &&
        !field.hidden &&
        !field.read_only &&
        field.type !== "pipeline" &&
        field.type !== "stage",
    );
}

function CreateForm({ entity, preset }: { entity: Entity; preset: Fields }) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const me = useMe();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(
    () =>
      storedDraft(entity.key) ?? {
        fields: {},
        refs: { [me.user.id]: { entity: "user", title: me.user.name } },
      },
  );
  const [key, setKey] = useState(newKey);
  const dirty = Object.values(draft.fields).some((value) => !isEmpty(value));

  const keep = (next: Draft) => {
    setDraft(next);
    sessionStorage.setItem(storageKey(entity.key), JSON.stringify(next));
  };
  const clear = () => {
    sessionStorage.removeItem(storageKey(entity.key));
    setDraft({ fields: {}, refs: {} });
  };
  const create = useMutation({
    mutationFn: () => {
      const fields: Fields = {};
      for (const [name, value] of Object.entries({ ...preset, ...draft.fields })) {
        const clean = withoutEmpty(value);
        if (!isEmpty(clean)) fields[name] = clean;
      }
      return createRecord(entity.key, fields, key);
    },
    onSuccess: (record) => {
      sessionStorage.removeItem(storageKey(entity.key));
      queryClient.setQueryData(keys.record(entity.key, record.id), record);
      void queryClient.invalidateQueries({ queryKey: keys.records(entity.key) });
      refreshAround(entity.key);
      closeCreate();
      const title = titleOf(entity, record.fields, t("fields:untitled"));
      toast({
        message: t("card:created", { title }),
        action: {
          label: t("card:open"),
          run: () =>
            void navigate({ to: "/records/$entity/$id", params: { entity: entity.key, id: record.id } }),
        },
      });
    },
    onError: (error) => error instanceof ApiError && setKey(newKey()),
  });

  const fields = fillable(entity);
  const shown = new Set(fields.map((field) => field.key));
  const problem = create.error instanceof ApiError ? create.error : undefined;
  const elsewhere = Object.keys(problem?.problem.fields ?? {}).some((name) => !shown.has(name));
  const general =
    create.error && (!problem?.problem.fields || elsewhere || !Object.keys(problem.problem.fields).length);

  return (
    <form
      aria-label={t("card:new_record", { entity: entity.label })}
      onSubmit={(event) => {
        event.preventDefault();
        if (!create.isPending) create.mutate();
      }}
    >
      <FormFields>
        {create.error && (general || problem?.code === "hook.rejected") && (
          <FormProblem>{messageOf(create.error, t("common:network"))}</FormProblem>
        )}
        {fields.map((field, index) => (
          <FieldEditor
            key={field.key}
            entity={entity}
            field={field}
            label={field.required ? `${field.label} *` : field.label}
            value={draft.fields[field.key] ?? null}
            refs={draft.refs}
            error={problem?.fieldMessage(field.key)}
            autoFocus={index === 0}
            onChange={(value, refs) =>
              keep({
                fields: { ...draft.fields, [field.key]: value },
                refs: { ...draft.refs, ...refs },
              })
            }
          />
        ))}
      </FormFields>
      <FormActions>
        {dirty && <FormNote>{t("card:draft_kept")}</FormNote>}
        {dirty && (
          <Button variant="subtle" color="gray" onClick={clear}>
            {t("card:clear_form")}
          </Button>
        )}
        <Button type="submit" loading={create.isPending}>
          {t("common:create")}
        </Button>
      </FormActions>
    </form>
  );
}
