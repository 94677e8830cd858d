/** A field that there is: its names where they are not the product's, its formula where it has one, when it is shown, required, locked, and what it offers. */
import { Button, Checkbox } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changeField, type FieldPatch, removeField, restoreField, setConditions } from "@/api/rules";
import type { Entity, Field, FieldType } from "@/api/types";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FieldGroup } from "@/ui/gateway-form";
import { FormProblem } from "@/ui/sign-in";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { DeclaredConditions } from "./declared-conditions";
import { DirectorySelect } from "./directory-select";
import { Doubles } from "./doubles";
import { ExpressionField } from "./expression-field";
import { FieldNames } from "./field-names";
import {
  type ConditionsDraft,
  conditionsDraft,
  conditionsOf,
  isApart,
  isFindable,
  noWords,
  type RollupDraft,
  rollupDraft,
  rollupOf,
  said,
  sameConditions,
  type Words,
} from "./fields-model";
import { Retype } from "./retype";
import { RollupFields } from "./rollup-fields";
import { usersOf } from "./users-of";

const fields = [
  "label",
  "formula",
  "decimals",
  "rollup",
  "choices",
  "directory",
  "required",
  "unique",
  "indexed",
  "visible",
  "read_only",
  "options_when",
];

/** Choices whose conditions are asked for here. */
const mostOptions = 100;

interface Props {
  entity: Entity;
  field: Field;
  onClose(): void;
}

interface Draft {
  label: Words;
  formula: string;
  rollup: RollupDraft;
  required: boolean;
  unique: boolean;
  indexed: boolean;
  directory: string;
  conditions: ConditionsDraft;
}

export function FieldForm({ entity, field, onClose }: Props) {
  const { t } = useTranslation(["rules", "common"]);
  const [before] = useState<Draft>(() => ({
    label: { ...noWords(), ...field.labels },
    formula: field.formula?.text ?? "",
    rollup: rollupDraft(field.rollup),
    required: field.required,
    unique: field.unique ?? false,
    indexed: field.indexed ?? false,
    directory: field.directory ?? "",
    conditions: conditionsDraft(field),
  }));
  const [draft, setDraft] = useState(before);
  const save = useMutation({
    mutationFn: async () => {
      const patch: Partial<FieldPatch> = {};
      if (draft.label !== before.label) patch.label = said(draft.label) as FieldPatch["label"];
      if (draft.formula !== before.formula) patch.formula = draft.formula;
      if (draft.rollup !== before.rollup) patch.rollup = rollupOf(draft.rollup, field.type);
      if (draft.required !== before.required) patch.required = draft.required;
      if (draft.unique !== before.unique) patch.unique = draft.unique;
      if (draft.indexed !== before.indexed) patch.indexed = draft.indexed;
      if (draft.directory !== before.directory) patch.directory = draft.directory;
      if (Object.keys(patch).length > 0) await changeField(entity.key, field.key, patch);
      if (!sameConditions(draft.conditions, before.conditions))
        await setConditions(entity.key, field.key, conditionsOf(draft.conditions));
    },
    onSuccess: () => {
      toast({ message: t("rules:field_saved", { name: field.label }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={t("rules:field_edit", { name: field.label })}
      submit={t("common:save")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      extra={(field.own || field.plugin) && <Remove entity={entity} field={field} onGone={onClose} />}
      onClose={onClose}
      onSubmit={() => send()}
    >
      {field.labels && (
        <FieldNames
          value={draft.label}
          error={fieldRefusal(save.error, "label")}
          onChange={(label) => setDraft({ ...draft, label })}
        />
      )}
      {field.formula && (
        <ExpressionField
          entity={entity}
          label={t("rules:formula")}
          hint={`${t("rules:formula_hint")} ${t("rules:formula_empty_hint")}`}
          value={draft.formula}
          formula={{
            result: field.type as FieldType,
            field: field.key,
            decimals: field.formula.decimals,
          }}
          error={fieldRefusal(save.error, "formula")}
          onChange={(formula) => setDraft({ ...draft, formula })}
        />
      )}
      {field.rollup && (
        <RollupFields
          entity={entity}
          type={field.type}
          value={draft.rollup}
          error={fieldRefusal(save.error, "rollup")}
          onChange={(rollup) => setDraft({ ...draft, rollup })}
        />
      )}
      {field.own && !field.computed && (
        <Checkbox
          label={t("rules:required")}
          checked={draft.required}
          error={fieldRefusal(save.error, "required")}
          onChange={(event) => setDraft({ ...draft, required: event.currentTarget.checked })}
        />
      )}
      {field.own && !field.computed && isApart(field.type) && (
        <Checkbox
          label={t("rules:unique")}
          description={t("rules:unique_hint")}
          checked={draft.unique}
          error={fieldRefusal(save.error, "unique")}
          onChange={(event) => setDraft({ ...draft, unique: event.currentTarget.checked })}
        />
      )}
      {field.own && !field.formula?.live && isFindable(field.type) && (
        <Checkbox
          label={t("rules:indexed")}
          description={t("rules:indexed_hint")}
          checked={draft.indexed}
          error={fieldRefusal(save.error, "indexed")}
          onChange={(event) => setDraft({ ...draft, indexed: event.currentTarget.checked })}
        />
      )}
      {field.own && (field.type === "choice" || field.type === "choices") && (
        <DirectorySelect
          value={draft.directory}
          error={fieldRefusal(save.error, "directory") ?? fieldRefusal(save.error, "choices")}
          onChange={(directory) => setDraft({ ...draft, directory })}
        />
      )}
      <Doubles entity={entity.key} error={save.error} />
      <ConditionFields
        entity={entity}
        field={field}
        draft={draft.conditions}
        errorOf={(name) => fieldRefusal(save.error, name)}
        put={(part) => setDraft({ ...draft, conditions: { ...draft.conditions, ...part } })}
      />
      {field.own && !field.computed && !field.unique && (
        <Retype entity={entity} field={field} onDone={onClose} />
      )}
    </FormDrawer>
  );
}

interface ConditionProps {
  entity: Entity;
  field: Field;
  draft: ConditionsDraft;
  errorOf(name: string): string | undefined;
  put(part: Partial<ConditionsDraft>): void;
}

function ConditionFields({ entity, field, draft, errorOf, put }: ConditionProps) {
  const { t } = useTranslation("rules");
  const listed = field.type === "choice" || field.type === "choices";
  const all = listed
    ? (field.choices ?? []).filter((one) => !one.archived || draft.options_when[one.value])
    : [];
  // A condition for each of thousands is written by the API.
  const choices = all.filter(({ value }, index) => index < mostOptions || draft.options_when[value]);
  const written = !field.system && !field.computed;
  return (
    <FieldGroup label={t("conditions")}>
      <DeclaredConditions field={field} />
      <ExpressionField
        entity={entity}
        label={t("visible")}
        hint={`${t("conditions_hint")} ${t("visible_hint")}`}
        value={draft.visible}
        error={errorOf("visible")}
        onChange={(visible) => put({ visible })}
      />
      {written && (
        <>
          <ExpressionField
            entity={entity}
            label={t("required_when")}
            value={draft.required}
            error={errorOf("required")}
            onChange={(required) => put({ required })}
          />
          <ExpressionField
            entity={entity}
            label={t("read_only_when")}
            value={draft.read_only}
            error={errorOf("read_only")}
            onChange={(read_only) => put({ read_only })}
          />
        </>
      )}
      {choices.map(({ value, label }) => (
        <ExpressionField
          key={value}
          entity={entity}
          label={t("option_when", { name: label })}
          value={draft.options_when[value] ?? ""}
          error={draft.options_when[value] ? errorOf("options_when") : undefined}
          onChange={(text) => put({ options_when: { ...draft.options_when, [value]: text } })}
        />
      ))}
    </FieldGroup>
  );
}

/** Hides it at once, with a way back; what looks at it is named and has to let go first. */
function Remove({ entity, field, onGone }: { entity: Entity; field: Field; onGone(): void }) {
  const { t } = useTranslation(["rules", "common"]);
  const remove = useMutation({
    mutationFn: () => removeField(entity.key, field.key),
    onSuccess: () => {
      const back = () => void restoreField(entity.key, field.key).catch(toastError);
      toast({
        message: t("rules:field_removed", { name: field.label }),
        action: { label: t("common:undo"), run: back },
      });
      onGone();
    },
    onError: (error) => {
      if (usersOf(error).length === 0) toastError(error);
    },
  });
  const used = usersOf(remove.error);
  return (
    <>
      {used.length > 0 && <FormProblem>{t("rules:in_use", { users: used.join(", ") })}</FormProblem>}
      <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
        {t("rules:field_remove")}
      </Button>
    </>
  );
}
