/** Accounts: who works here, in which department and roles, who is absent or barred. */
import { ActionIcon, Button, TextInput, UnstyledButton } from "@mantine/core";
import { IconEye, IconPlus, IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentTreeQuery, rolesQuery, usersQuery } from "@/api/people";
import { useMe } from "@/api/session";
import type { Id, Invitation, UserRow } from "@/api/types";
import { startViewAs } from "@/api/view-as";
import { formatDate, formatDateTime } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Lead, Notice, Tag } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { IconText } from "@/ui/page";
import { Person } from "@/ui/person";
import { ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { dayOf, isAbsent } from "./days";
import { PersonForm } from "./person-form";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export default function People({ editing, onEdit }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const [q, setQ] = useState("");
  const [invited, setInvited] = useState<{ name: string; invitation: Invitation } | null>(null);
  const me = useMe();
  const view = useMutation({
    mutationFn: (user: Id) => startViewAs({ user }),
    onError: (error) => toastError(error),
  });
  const users = useQuery(usersQuery);
  const roles = useQuery(rolesQuery).data ?? [];
  const departments = useQuery(departmentTreeQuery).data ?? [];
  const wanted = q.trim().toLocaleLowerCase();
  const found = (users.data ?? [])
    .filter((user) => `${user.name} ${user.email}`.toLocaleLowerCase().includes(wanted))
    .toSorted((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name));
  const columns: Column<UserRow>[] = [
    {
      key: "person",
      label: t("settings:person"),
      grow: true,
      render: (user) => (
        <UnstyledButton
          title={t("settings:edit_person", { name: user.name })}
          onClick={() => onEdit(user.id)}
          data-testid={`person-${user.email}`}
        >
          <Person name={user.name} note={user.email} />
        </UnstyledButton>
      ),
    },
    {
      key: "department",
      label: t("settings:department"),
      render: (user) => departments.find(({ id }) => id === user.department_id)?.name,
    },
    {
      key: "roles",
      label: t("settings:roles"),
      render: (user) => {
        const names = roles.filter(({ id }) => user.roles.includes(id)).map(({ name }) => name);
        return names.length > 0 ? names.join(", ") : <Tag tone="warn">{t("settings:no_roles")}</Tag>;
      },
    },
    { key: "state", label: t("settings:state"), render: (user) => <UserState user={user} /> },
    {
      key: "view_as",
      label: t("settings:view_as"),
      bare: true,
      render: (user) =>
        user.active &&
        user.id !== me.user.id &&
        !roles.some(({ id, admin }) => admin && user.roles.includes(id)) && (
          <ActionIcon
            aria-label={t("settings:view_as_person", { name: user.name })}
            title={t("settings:view_as_person", { name: user.name })}
            loading={view.isPending && view.variables === user.id}
            onClick={() => view.mutate(user.id)}
          >
            <IconEye size={16} />
          </ActionIcon>
        ),
    },
  ];
  const edited = users.data?.find(({ id }) => id === editing);
  return (
    <Block
      title={t("settings:section_people")}
      actions={
        <>
          <TextInput
            size="xs"
            aria-label={t("settings:find_person")}
            placeholder={t("settings:find_person")}
            leftSection={<IconSearch size={14} />}
            value={q}
            onChange={(event) => setQ(event.currentTarget.value)}
          />
          <Button aria-label={t("settings:add_person")} onClick={() => onEdit("new")}>
            <IconText icon={<IconPlus size={16} />}>{t("settings:add_person")}</IconText>
          </Button>
        </>
      }
    >
      {invited && (
        <Notice tone="ok" title={t("settings:invited", { name: invited.name })}>
          {t(invited.invitation.letter ? "settings:invited_letter" : "settings:invited_by_hand", {
            until: formatDateTime(invited.invitation.expires_at),
          })}
          <CopyLine label={invited.name} value={location.origin + invited.invitation.path} />
        </Notice>
      )}
      {users.isPending && <BlockBones label={t("common:loading")} />}
      {users.isError && <ErrorState error={users.error} retry={() => void users.refetch()} />}
      {users.isSuccess && found.length === 0 && <Lead>{t("common:nothing_found")}</Lead>}
      {found.length > 0 && (
        <DataTable
          label={t("settings:section_people")}
          columns={columns}
          rows={found}
          keyOf={(user) => user.id}
        />
      )}
      {(edited || editing === "new") && (
        <PersonForm
          key={editing}
          user={edited}
          roles={roles}
          departments={departments}
          onClose={() => onEdit()}
          onInvited={(name, invitation) => setInvited({ name, invitation })}
        />
      )}
    </Block>
  );
}

function UserState({ user }: { user: UserRow }) {
  const { t } = useTranslation("settings");
  if (!user.active) return <Tag tone="danger">{t("barred")}</Tag>;
  const until = dayOf(user.absent_until);
  if (until && isAbsent(user.absent_until, Date.now()))
    return <Tag tone="warn">{t("absent_to", { day: formatDate(until) })}</Tag>;
  return <Tag tone="ok">{t("working")}</Tag>;
}
