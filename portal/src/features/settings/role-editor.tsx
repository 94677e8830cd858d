/** What a role grants and takes away: its name, its rules and rights on single fields. */
import { ActionIcon, Button, Select, Switch, TextInput } from "@mantine/core";
import { IconArrowLeft, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createRole, deleteRole, updateRole } from "@/api/people";
import { useEntities } from "@/api/session";
import type { FieldRight, Role } from "@/api/types";
import { startViewAs } from "@/api/view-as";
import { Block, Buttons, Notice, Pair, RuleBox, Stacked } from "@/ui/block";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { FormProblem } from "@/ui/sign-in";
import { toast, toastError } from "@/ui/toast";
import { changeField, keyOf, toInput, without } from "./rights";
import { useRoleDraft } from "./role-draft";
import { RoleProcesses } from "./role-processes";
import { AccessRows } from "./role-rows";

export function RoleEditor({ role, onClose }: { role?: Role; onClose(): void }) {
  const { t } = useTranslation(["settings", "common"]);
  const entities = useEntities();
  const { draft, dirty, outdated, put, drop } = useRoleDraft(role, entities);
  const [ownKey, setOwnKey] = useState(false);
  const save = useMutation({
    mutationFn: () => (role ? updateRole(role.id, toInput(draft, false)) : createRole(toInput(draft, true))),
    onSuccess: () => {
      drop();
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const discard = () => {
    const { back } = drop();
    toast({ message: t("settings:role_restored"), action: { label: t("common:undo"), run: back } });
  };
  const remove = useMutation({
    mutationFn: (id: string) => deleteRole(id),
    onSuccess: () => {
      drop();
      toast({
        message: t("settings:role_deleted", { name: draft.name }),
        action: {
          label: t("common:undo"),
          run: () => void createRole(toInput(draft, true)).catch((error: unknown) => toastError(error)),
        },
      });
      onClose();
    },
    onError: (error) => toastError(error, t("settings:not_deleted", { name: draft.name })),
  });
  const view = useMutation({
    mutationFn: (id: string) => startViewAs({ role: id }),
    onError: (error) => toastError(error),
  });
  const refusal = generalRefusal(save.error, ["name", "key"], t("common:network"));
  return (
    <form
      aria-label={draft.name || t("settings:add_role")}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!save.isPending) save.mutate();
      }}
    >
      <Block
        title={role?.name ?? t("settings:add_role")}
        actions={
          <>
            <ActionIcon aria-label={t("settings:to_roles")} onClick={onClose}>
              <IconArrowLeft size={18} />
            </ActionIcon>
            {role && !role.admin && (
              <Button
                variant="default"
                title={t("settings:view_as_role_hint")}
                disabled={dirty}
                loading={view.isPending}
                onClick={() => view.mutate(role.id)}
              >
                {t("settings:view_as_role")}
              </Button>
            )}
            {role && (
              <Button
                variant="subtle"
                color="gray"
                loading={remove.isPending}
                onClick={() => remove.mutate(role.id)}
              >
                {t("common:delete")}
              </Button>
            )}
            <Button type="submit" loading={save.isPending}>
              {t("common:save")}
            </Button>
          </>
        }
      >
        <Stacked>
          {refusal && <FormProblem>{refusal}</FormProblem>}
          {dirty && (
            <Notice
              tone={outdated ? "warn" : "plain"}
              title={t(outdated ? "settings:role_outdated" : "settings:role_unsaved")}
              action={
                <Button variant="default" size="compact-sm" onClick={discard}>
                  {t("settings:discard_changes")}
                </Button>
              }
            >
              {t("settings:role_kept")}
            </Notice>
          )}
          {role?.problems.map(({ row, entity, message }) => (
            <Notice key={`${row} ${entity}`} tone="warn" title={t("settings:broken_rule")}>
              {entities.find(({ key }) => key === entity)?.label_plural ?? entity}: {message}
            </Notice>
          ))}
          <Pair>
            <TextInput
              label={t("settings:title")}
              autoFocus={!role}
              value={draft.name}
              error={fieldRefusal(save.error, "name")}
              onChange={(event) => {
                const name = event.currentTarget.value;
                put(role || ownKey ? { name } : { name, key: keyOf(name) });
              }}
            />
            <TextInput
              label={t("settings:key")}
              description={t("settings:key_hint")}
              inputWrapperOrder={["label", "input", "description", "error"]}
              readOnly={role !== undefined}
              value={draft.key}
              error={fieldRefusal(save.error, "key")}
              onChange={(event) => {
                setOwnKey(true);
                put({ key: event.currentTarget.value });
              }}
            />
          </Pair>
          <Switch
            label={t("settings:everything")}
            description={t("settings:admin_note")}
            checked={draft.admin}
            onChange={(event) => put({ admin: event.currentTarget.checked })}
          />
        </Stacked>
      </Block>
      <AccessRows rows={draft.rows} admin={draft.admin} onChange={(rows) => put({ rows })} />
      {!draft.admin && <FieldRights fields={draft.fields} onChange={(fields) => put({ fields })} />}
      {!draft.admin && (
        <RoleProcesses rights={draft.processes} onChange={(processes) => put({ processes })} />
      )}
    </form>
  );
}

function FieldRights({ fields, onChange }: { fields: FieldRight[]; onChange(fields: FieldRight[]): void }) {
  const { t } = useTranslation("settings");
  const entities = useEntities();
  const add = () => {
    const entity = fields[fields.length - 1]?.entity ?? entities[0]?.key;
    if (entity) onChange([...fields, { entity, field: "", right: "hidden" }]);
  };
  return (
    <Block title={t("field_rights")} note={t("field_rights_note")}>
      {fields.map((right, index) => {
        const entity = entities.find(({ key }) => key === right.entity);
        const label = entity?.fields.find(({ key }) => key === right.field)?.label ?? right.field;
        return (
          <RuleBox
            key={index}
            label={label || t("field")}
            actions={
              <ActionIcon
                aria-label={t("remove_rule", { rule: label || t("field") })}
                onClick={() => onChange(without(fields, index))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            }
          >
            <Pair>
              <Select
                size="xs"
                aria-label={t("records")}
                allowDeselect={false}
                data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
                value={right.entity}
                onChange={(next) => next && onChange(changeField(fields, index, { entity: next }))}
              />
              <Select
                size="xs"
                aria-label={t("field")}
                placeholder={t("field")}
                searchable
                allowDeselect={false}
                data={entity?.fields.map(({ key, label: text }) => ({ value: key, label: text })) ?? []}
                value={right.field || null}
                onChange={(next) => next && onChange(changeField(fields, index, { field: next }))}
              />
              <Select
                size="xs"
                aria-label={t("right")}
                allowDeselect={false}
                data={(["hidden", "read_only"] as const).map((one) => ({
                  value: one,
                  label: t(`right_${one}`),
                }))}
                value={right.right}
                onChange={(next) =>
                  next && onChange(changeField(fields, index, { right: next as FieldRight["right"] }))
                }
              />
            </Pair>
          </RuleBox>
        );
      })}
      <Buttons>
        <Button variant="default" leftSection={<IconPlus size={16} />} onClick={add}>
          {t("add_field_right")}
        </Button>
      </Buttons>
    </Block>
  );
}
