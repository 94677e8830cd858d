/** Who may do what with a record, and by which rules: everybody who sees it, and whomever one asks about. */
import { Modal, Select, Stack } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type AccessReason, accessOfQuery, accessQuery, type PersonAccess } from "@/api/access";
import { usersQuery } from "@/api/people";
import { useMe } from "@/api/session";
import type { Action, Entity, Id } from "@/api/types";
import { fieldOf } from "@/engines/fields/text";
import { summaryOf, useSummaryContext } from "@/engines/filters/filter-bar";
import { formatDateTime } from "@/i18n/format";
import { BlockBones, Hint, ItemBody, ItemLine, ItemList, Lead, Notice, Tag } from "@/ui/block";
import { ShowMore } from "@/ui/more";
import { Avatar } from "@/ui/person";
import { ErrorState } from "@/ui/states";
import { useFocusBack } from "@/ui/use-focus-back";
import { usePhone } from "@/ui/use-phone";

const shown: Action[] = ["read", "update", "delete"];

interface Props {
  entity: Entity;
  id: Id;
  onClose(): void;
}

export default function AccessDialog({ entity, id, onClose }: Props) {
  useFocusBack();
  const { t } = useTranslation(["records", "common"]);
  const phone = usePhone();
  const me = useMe();
  const [asked, setAsked] = useState<Id | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("records:access")}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={14}>
        {me.admin && <WhomToAsk asked={asked} onAsk={setAsked} />}
        {asked ? <Asked entity={entity} id={id} user={asked} /> : <Everybody entity={entity} id={id} />}
      </Stack>
    </Modal>
  );
}

function WhomToAsk({ asked, onAsk }: { asked: Id | null; onAsk(user: Id | null): void }) {
  const { t } = useTranslation(["records", "fields"]);
  const users = useQuery(usersQuery);
  return (
    <Select
      label={t("records:access_of")}
      placeholder={t("records:access_all")}
      data={(users.data ?? []).map((user) => ({ value: user.id, label: `${user.name} · ${user.email}` }))}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t("fields:clear") }}
      nothingFoundMessage={t("fields:nothing_found")}
      value={asked}
      onChange={onAsk}
    />
  );
}

function Everybody({ entity, id }: { entity: Entity; id: Id }) {
  const { t } = useTranslation(["records", "common"]);
  const found = useInfiniteQuery(accessQuery(entity.key, id));
  const people = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const also = found.data?.pages.flatMap((page) => page.also) ?? [];
  if (found.isPending) return <BlockBones label={t("common:loading")} />;
  if (found.isError && people.length === 0)
    return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  return (
    <>
      {people.length === 0 && <Lead>{t("records:access_nobody")}</Lead>}
      <ItemList>
        {people.map((person) => (
          <ItemLine key={person.user}>
            <ItemBody
              icon={<Avatar name={person.name} />}
              title={person.name}
              tags={<Actions person={person} />}
              note={rolesOf(person) && t("records:access_by", { roles: rolesOf(person) })}
            />
          </ItemLine>
        ))}
        {also.map((link) => (
          <ItemLine key={link.id}>
            <ItemBody
              icon={<Avatar name={link.label} />}
              title={link.label}
              tags={<Tag>{t("records:may_read")}</Tag>}
              note={t("records:access_link", { at: formatDateTime(link.expires) })}
            />
          </ItemLine>
        ))}
      </ItemList>
      <ShowMore of={found} label={t("records:access_more")} />
    </>
  );
}

/** Names of the roles that let somebody see the record. */
function rolesOf(person: PersonAccess): string {
  const grants = person.actions.read?.because.filter(({ kind, matched }) => kind === "permission" && matched);
  return [...new Set((grants ?? []).map(({ name }) => name))].join(", ");
}

function Actions({ person }: { person: PersonAccess }) {
  const { t } = useTranslation("records");
  return shown
    .filter((action) => person.actions[action]?.allowed)
    .map((action) => <Tag key={action}>{t(`may_${action as "read"}`)}</Tag>);
}

function Asked({ entity, id, user }: { entity: Entity; id: Id; user: Id }) {
  const { t } = useTranslation(["records", "common"]);
  const found = useQuery(accessOfQuery(entity.key, id, user));
  if (found.isPending) return <BlockBones label={t("common:loading")} />;
  if (found.isError) return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  const person = found.data;
  if (!person) return null;
  const named = (keys: string[]) => keys.map((key) => fieldOf(entity, key)?.label ?? key).join(", ");
  const { hidden, read_only } = person.fields;
  return (
    <>
      {!person.active && <Notice tone="warn">{t("records:access_barred", { name: person.name })}</Notice>}
      {person.off && <Notice tone="warn">{t("records:access_off")}</Notice>}
      {person.active && !person.off && (
        <Stack gap={12}>
          {shown.map((action) => (
            <Verdict key={action} entity={entity} action={action} person={person} />
          ))}
          {hidden.length > 0 && <Hint>{t("records:access_hidden", { fields: named(hidden) })}</Hint>}
          {read_only.length > 0 && <Hint>{t("records:access_read_only", { fields: named(read_only) })}</Hint>}
        </Stack>
      )}
    </>
  );
}

function Verdict({ entity, action, person }: { entity: Entity; action: Action; person: PersonAccess }) {
  const { t } = useTranslation("records");
  const verdict = person.actions[action];
  if (!verdict) return null;
  const words = t(`may_${action as "read"}`);
  return (
    <section aria-label={words}>
      <b>{words}</b>{" "}
      <Tag tone={verdict.allowed ? "ok" : "danger"}>
        {t(verdict.allowed ? "access_allowed" : "access_refused")}
      </Tag>
      {verdict.because.length === 0 && <Hint> {t("access_no_rule")}</Hint>}
      <ItemList>
        {verdict.because.map((reason) => (
          <Reason key={`${reason.role} ${reason.row ?? ""}`} entity={entity} reason={reason} />
        ))}
      </ItemList>
    </section>
  );
}

function Reason({ entity, reason }: { entity: Entity; reason: AccessReason }) {
  const { t } = useTranslation("records");
  const context = useSummaryContext(entity, reason.filter);
  const { row, kind, matched, broken } = reason;
  const which =
    row === undefined
      ? t("access_admin_role")
      : reason.filter
        ? summaryOf(reason.filter, context)
        : t("access_all_records");
  const state = broken
    ? "access_broken"
    : kind === "permission"
      ? matched
        ? "access_grants"
        : "access_grants_not"
      : matched
        ? "access_passes"
        : "access_forbids";
  const good = matched && !broken;
  return (
    <ItemLine>
      <ItemBody
        title={reason.name}
        tags={<Tag tone={good ? "ok" : "warn"}>{t(state)}</Tag>}
        note={`${t(kind === "permission" ? "access_allows" : "access_narrows")}: ${which}`}
      />
    </ItemLine>
  );
}
