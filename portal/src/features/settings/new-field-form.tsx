/** A field to make: written by people, computed by a formula, or counting the records that link here. */
import { Checkbox, Select, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createField } from "@/api/rules";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { currentLocale } from "@/i18n";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { DirectorySelect } from "./directory-select";
import { ExpressionField } from "./expression-field";
import { FieldNames } from "./field-names";
import {
  type FieldDraft,
  freshField,
  isApart,
  isFindable,
  isLink,
  type MadeType,
  newField,
  pointed,
  rollupGaps,
  type Source,
  sourcesOf,
  targetsOf,
  types,
} from "./fields-model";
import { RollupFields } from "./rollup-fields";

const fields = [
  "label",
  "type",
  "choices",
  "directory",
  "entities",
  "formula",
  "decimals",
  "rollup",
  "required",
  "unique",
  "indexed",
];

export function NewFieldForm({ entity, onClose }: { entity: Entity; onClose(): void }) {
  const { t } = useTranslation(["rules", "common"]);
  const entities = useEntities();
  const [draft, setDraft] = useState<FieldDraft>(freshField);
  const put = (part: Partial<FieldDraft>) => setDraft((before) => ({ ...before, ...part }));
  const named = Object.values(draft.label)
    .find((text) => text.trim() !== "")
    ?.trim();
  const [tried, setTried] = useState(false);
  const sources = sourcesOf(draft.type);
  const source = sources.includes(draft.source) ? draft.source : "written";
  const must = source === "written" && draft.required;
  const save = useMutation({
    mutationFn: () => createField(entity.key, newField(draft, currentLocale())),
    onSuccess: () => {
      const made = entity.layout.arranged && !must ? "rules:field_made_apart" : "rules:field_made";
      toast({ message: t(made, { name: named }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const counted = entities.find(({ key }) => key === draft.rollup.entity);
  const gaps = rollupGaps(draft.rollup, draft.type, counted?.fields ?? []);
  const listed = draft.type === "choice" || draft.type === "choices";
  const linked = isLink(draft.type);
  const aimless = linked && pointed(draft).length === 0;
  const wrong = (name: string) => fieldRefusal(save.error, name);
  return (
    <FormDrawer
      title={t("rules:field_add")}
      submit={t("common:add")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (named && !aimless && !(source === "rollup" && (gaps.entity || gaps.field))) send();
      }}
    >
      <FieldNames
        value={draft.label}
        error={tried && !named ? t("rules:needed") : wrong("label")}
        onChange={(label) => put({ label })}
      />
      <Select
        label={t("rules:type")}
        allowDeselect={false}
        data={types.map((type) => ({ value: type, label: t(`rules:type_${type}`) }))}
        value={draft.type}
        error={wrong("type")}
        onChange={(type) => type && put({ type: type as MadeType })}
      />
      {linked && (
        <PickMany
          label={t("rules:points_to")}
          description={t("rules:points_to_hint")}
          placeholder={aimless ? t("rules:points_to_choose") : undefined}
          data={targetsOf(draft.type, entities, (kind) => t(`rules:type_${kind}`))}
          value={pointed(draft)}
          error={tried && aimless ? t("rules:needed") : wrong("entities")}
          onChange={(chosen) => put({ entities: chosen })}
        />
      )}
      {listed && (
        <DirectorySelect
          value={draft.directory}
          error={wrong("directory")}
          onChange={(directory) => put({ directory })}
        />
      )}
      {listed && !draft.directory && (
        <Textarea
          label={t("rules:options")}
          autosize
          minRows={3}
          maxRows={12}
          value={draft.options}
          error={wrong("choices")}
          onChange={(event) => put({ options: event.currentTarget.value })}
        />
      )}
      {sources.length > 1 && (
        <Select
          label={t("rules:source")}
          allowDeselect={false}
          data={sources.map((one) => ({ value: one, label: t(`rules:source_${one}`) }))}
          value={source}
          onChange={(one) => one && put({ source: one as Source })}
        />
      )}
      {source === "formula" && (
        <>
          <ExpressionField
            entity={entity}
            label={t("rules:formula")}
            hint={t("rules:formula_hint")}
            value={draft.formula}
            formula={{ result: draft.type, decimals: draft.decimals === "" ? null : Number(draft.decimals) }}
            error={wrong("formula")}
            onChange={(formula) => put({ formula })}
          />
          {(draft.type === "money" || draft.type === "decimal") && (
            <Select
              label={t("rules:decimals")}
              clearable
              data={["0", "1", "2", "3", "4"]}
              value={draft.decimals || null}
              error={wrong("decimals")}
              onChange={(decimals) => put({ decimals: decimals ?? "" })}
            />
          )}
        </>
      )}
      {source === "rollup" && (
        <RollupFields
          entity={entity}
          type={draft.type}
          value={draft.rollup}
          tried={tried}
          error={wrong("rollup")}
          onChange={(rollup) => put({ rollup })}
        />
      )}
      {source === "written" && (
        <Checkbox
          label={t("rules:required")}
          checked={draft.required}
          error={wrong("required")}
          onChange={(event) => put({ required: event.currentTarget.checked })}
        />
      )}
      {source === "written" && isApart(draft.type) && (
        <Checkbox
          label={t("rules:unique")}
          description={t("rules:unique_hint")}
          checked={draft.unique}
          error={wrong("unique")}
          onChange={(event) => put({ unique: event.currentTarget.checked })}
        />
      )}
      {isFindable(draft.type) && (
        <Checkbox
          label={t("rules:indexed")}
          description={t("rules:indexed_hint")}
          checked={draft.indexed}
          error={wrong("indexed")}
          onChange={(event) => put({ indexed: event.currentTarget.checked })}
        />
      )}
    </FormDrawer>
  );
}
