/** A provider as it shall be: who it is, whom it is believed for, whom it lets in. The secret is written, never shown. */
import { Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentTreeQuery, rolesQuery } from "@/api/people";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PasswordInput } from "@/ui/password";
import { toast } from "@/ui/toast";
import { draftOf, inputOf, type Kind, kindOf, kinds, type ProviderDraft, withKind } from "./provider-draft";
import { changeProvider, createProvider, type Provider } from "./providers-api";
import { treeOf } from "./tree";

const fields = ["label", "issuer", "client_id", "client_secret", "domains", "role_id", "department_id"];
const below = ["label", "input", "description", "error"] as const;

interface Props {
  /** None: a new one. */
  provider?: Provider;
  onClose(): void;
}

export function ProviderForm({ provider, onClose }: Props) {
  const { t } = useTranslation(["providers", "common"]);
  const [draft, setDraft] = useState(() => draftOf(provider));
  const put = (part: Partial<ProviderDraft>) => setDraft((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () =>
      provider ? changeProvider(provider.id, inputOf(draft)) : createProvider(inputOf(draft)),
    onSuccess: ({ label }) => {
      toast({ message: t("providers:saved", { label }), kind: "done" });
      onClose();
    },
  });
  const errorOf = (name: string) => fieldRefusal(save.error, name);
  return (
    <FormDrawer
      title={provider ? t("providers:edit") : t("providers:add")}
      submit={provider ? t("common:save") : t("common:create")}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      values={draft}
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <TextInput
        label={t("providers:label")}
        description={t("providers:label_hint")}
        inputWrapperOrder={[...below]}
        data-autofocus
        value={draft.label}
        error={errorOf("label")}
        onChange={(event) => put({ label: event.currentTarget.value })}
      />
      <Select
        label={t("providers:kind")}
        allowDeselect={false}
        data={kinds.map((kind) => ({ value: kind, label: t(`providers:kind_${kind}`) }))}
        value={kindOf(draft.issuer)}
        onChange={(kind) => kind && setDraft((before) => withKind(before, kind as Kind))}
      />
      <TextInput
        label={t("providers:issuer")}
        description={t("providers:issuer_hint")}
        inputWrapperOrder={[...below]}
        placeholder="https://"
        value={draft.issuer}
        error={errorOf("issuer")}
        onChange={(event) => put({ issuer: event.currentTarget.value })}
      />
      <TextInput
        label={t("providers:client_id")}
        autoComplete="off"
        value={draft.client_id}
        error={errorOf("client_id")}
        onChange={(event) => put({ client_id: event.currentTarget.value })}
      />
      <PasswordInput
        label={t("providers:secret")}
        description={t(provider?.has_secret ? "providers:secret_kept" : "providers:secret_hint")}
        inputWrapperOrder={[...below]}
        autoComplete="new-password"
        value={draft.secret}
        error={errorOf("client_secret")}
        onChange={(event) => put({ secret: event.currentTarget.value })}
      />
      <People draft={draft} put={put} errorOf={errorOf} />
      <Switch
        label={t("providers:enabled")}
        checked={draft.enabled}
        onChange={(event) => put({ enabled: event.currentTarget.checked })}
      />
    </FormDrawer>
  );
}

interface PeopleProps {
  draft: ProviderDraft;
  put(part: Partial<ProviderDraft>): void;
  errorOf(name: string): string | undefined;
}

/** Whom it is believed for, and whom it lets in. */
function People({ draft, put, errorOf }: PeopleProps) {
  const { t } = useTranslation("providers");
  const roles = useQuery(rolesQuery).data ?? [];
  const departments = useQuery(departmentTreeQuery).data ?? [];
  return (
    <>
      <TagsInput
        label={t("domains")}
        description={t("domains_hint")}
        inputWrapperOrder={[...below]}
        acceptValueOnBlur
        maxTags={50}
        value={draft.domains}
        error={errorOf("domains")}
        onChange={(domains) => put({ domains })}
      />
      <Switch
        label={t("trusts_email")}
        description={t("trusts_email_hint")}
        checked={draft.trusts_email}
        onChange={(event) => put({ trusts_email: event.currentTarget.checked })}
      />
      <Switch
        label={t("creates")}
        description={t("creates_hint")}
        checked={draft.creates}
        onChange={(event) => put({ creates: event.currentTarget.checked })}
      />
      {draft.creates && (
        <>
          <Select
            label={t("role")}
            placeholder={t("role_none")}
            clearable
            data={roles.filter(({ admin }) => !admin).map(({ id, name }) => ({ value: id, label: name }))}
            value={draft.role_id}
            error={errorOf("role_id")}
            onChange={(role_id) => put({ role_id })}
          />
          <Select
            label={t("department")}
            placeholder={t("department_none")}
            clearable
            searchable
            data={treeOf(departments).map(({ department, depth }) => ({
              value: department.id,
              label: `${"\u2003".repeat(depth)}${department.name}`,
            }))}
            value={draft.department_id}
            error={errorOf("department_id")}
            onChange={(department_id) => put({ department_id })}
          />
        </>
      )}
      <Switch
        label={t("passwords")}
        description={t("passwords_hint")}
        checked={draft.passwords}
        onChange={(event) => put({ passwords: event.currentTarget.checked })}
      />
    </>
  );
}
