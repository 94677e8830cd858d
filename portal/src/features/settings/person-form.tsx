/** One account: made, changed, barred. */
import { Button, Popover, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { createUser, inviteUser, removeFactorOf, unlinkProvidersOf, updateUser } from "@/api/people";
import { useMe } from "@/api/session";
import type { Department, Invitation, Locale, Role, UserRow } from "@/api/types";
import { locales } from "@/i18n";
import { PopoverForm } from "@/ui/chips";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PasswordInput } from "@/ui/password";
import { PickMany } from "@/ui/pick-many";
import { toast, toastError } from "@/ui/toast";
import { dayOf, endOfDay } from "./days";
import { DayField } from "./lazy-day-field";
import { treeOf } from "./tree";

const PersonReach = lazy(() => import("./person-reach"));
const fields = ["name", "email", "password", "department_id", "roles", "locale", "active", "absent_until"];

interface Props {
  user?: UserRow;
  roles: Role[];
  departments: Department[];
  onClose(): void;
  onInvited(name: string, invitation: Invitation): void;
}

export function PersonForm({ user, roles, departments, onClose, onInvited }: Props) {
  const { t } = useTranslation(["settings", "common", "shell", "fields"]);
  const me = useMe();
  const [values, setValues] = useState({
    name: user?.name ?? "",
    email: user?.email ?? "",
    password: "",
    department_id: user?.department_id ?? null,
    roles: user?.roles ?? [],
    locale: user?.locale ?? me.tenant.locale,
    active: user?.active ?? true,
    absent: dayOf(user?.absent_until),
    invite: !user,
  });
  const put = (part: Partial<typeof values>) => setValues((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const { absent, active, password, invite: _, ...rest } = values;
      const input = {
        ...rest,
        name: rest.name.trim(),
        email: rest.email.trim(),
        ...(password ? { password } : {}),
      };
      if (!user) return createUser(input);
      const moved = absent === dayOf(user.absent_until) ? {} : { absent_until: endOfDay(absent) };
      return updateUser(user.id, { ...input, active, ...moved });
    },
    onSuccess: (saved) => {
      toast({
        message: t(user ? "settings:person_saved" : "settings:person_added", { name: saved.name }),
        kind: "done",
      });
      if (!user && values.invite && !values.password) invite.mutate(saved);
      onClose();
    },
  });
  const invite = useMutation({
    mutationFn: (person: UserRow) => inviteUser(person.id),
    onSuccess: (made, person) => {
      onInvited(person.name, made);
      onClose();
    },
    onError: (error, person) => toastError(error, person.name),
  });
  const errorOf = (name: string) => fieldRefusal(save.error, name);
  return (
    <FormDrawer
      title={user ? user.name : t("settings:add_person")}
      submit={t(user ? "common:save" : "common:add")}
      values={values}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      onClose={onClose}
      onSubmit={() => save.mutate()}
      extra={
        user?.active && (
          <Button variant="subtle" loading={invite.isPending} onClick={() => invite.mutate(user)}>
            {t("settings:invite_again")}
          </Button>
        )
      }
    >
      <TextInput
        label={t("settings:name")}
        name="name"
        data-autofocus
        value={values.name}
        error={errorOf("name")}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t("settings:email")}
        name="email"
        type="email"
        autoComplete="off"
        value={values.email}
        error={errorOf("email")}
        onChange={(event) => put({ email: event.currentTarget.value })}
      />
      <PasswordInput
        label={t(user ? "settings:new_password" : "settings:password")}
        description={
          user
            ? t("settings:new_password_hint")
            : !values.invite && !values.password && t("settings:password_hint")
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
        name="new-password"
        autoComplete="new-password"
        value={values.password}
        error={errorOf("password")}
        onChange={(event) => put({ password: event.currentTarget.value })}
      />
      {!user && (
        <Switch
          label={t("settings:invite")}
          description={t("settings:invite_hint")}
          checked={values.invite && !values.password}
          disabled={values.password !== ""}
          onChange={(event) => put({ invite: event.currentTarget.checked })}
        />
      )}
      <Select
        label={t("settings:department")}
        data={treeOf(departments).map(({ department, depth }) => ({
          value: department.id,
          label: `${"\u2003".repeat(depth)}${department.name}`,
        }))}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        placeholder={t("common:not_set")}
        value={values.department_id}
        error={errorOf("department_id")}
        onChange={(department_id) => put({ department_id })}
      />
      <PickMany
        label={t("settings:roles")}
        description={t("settings:roles_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        nothingFoundMessage={t("fields:nothing_found")}
        data={roles.map(({ id, name }) => ({ value: id, label: name }))}
        value={values.roles}
        error={errorOf("roles")}
        onChange={(chosen) => put({ roles: chosen })}
      />
      <Select
        label={t("shell:language")}
        data={locales.map(({ code, name }) => ({ value: code, label: name }))}
        allowDeselect={false}
        value={values.locale}
        error={errorOf("locale")}
        onChange={(locale) => locale && put({ locale: locale as Locale })}
      />
      {user && (
        <>
          <DayField
            label={t("settings:absent_until")}
            hint={t("settings:absent_hint")}
            value={values.absent}
            error={errorOf("absent_until")}
            onChange={(absent) => put({ absent })}
          />
          <Switch
            label={t("settings:may_sign_in")}
            description={t("settings:may_sign_in_hint")}
            checked={values.active}
            disabled={user.id === me.user.id}
            error={errorOf("active")}
            onChange={(event) => put({ active: event.currentTarget.checked })}
          />
          {user.second_factor && <LostDevice user={user} />}
          {user.linked && <Unlink user={user} />}
          {user.active && (
            <Suspense>
              <PersonReach user={user} />
            </Suspense>
          )}
        </>
      )}
    </FormDrawer>
  );
}

/** Takes the second factor of somebody away who has lost their device. */
function LostDevice({ user }: { user: UserRow }) {
  const { t } = useTranslation("settings");
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => removeFactorOf(user.id),
    onSuccess: () => toast({ message: t("factor_removed_of", { name: user.name }), kind: "done" }),
    onError: (error) => toastError(error, user.name),
  });
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => setAsking(!asking)}>
          {t("factor_remove_of")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm onSubmit={() => remove.mutate()}>
          {t("factor_remove_of_text")}
          <Button type="submit" color="red" loading={remove.isPending}>
            {t("factor_remove_of")}
          </Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Has a provider's person found by their e-mail anew. */
function Unlink({ user }: { user: UserRow }) {
  const { t } = useTranslation("settings");
  const [asking, setAsking] = useState(false);
  const unlink = useMutation({
    mutationFn: () => unlinkProvidersOf(user.id),
    onSuccess: () => toast({ message: t("unlinked", { name: user.name }), kind: "done" }),
    onError: (error) => toastError(error, user.name),
  });
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => setAsking(!asking)}>
          {t("unlink")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm onSubmit={() => unlink.mutate()}>
          {t("unlink_text")}
          <Button type="submit" color="red" loading={unlink.isPending}>
            {t("unlink")}
          </Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}
