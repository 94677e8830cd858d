/** Who did what: sign-ins, rights, people, modules, settings; the newest first. */
import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { auditQuery, usersQuery } from "@/api/people";
import type { AuditAct, Id } from "@/api/types";
import { formatDateTime } from "@/i18n/format";
import { auditAreas, type SettingsSearch } from "@/state/search";
import { Block, BlockBones, Buttons, type Column, DataTable, Lead, LogText, Secondary } from "@/ui/block";
import { ShowMore } from "@/ui/more";
import { ErrorState } from "@/ui/states";

const route = getRouteApi("/shell/settings/$section");

export default function Audit() {
  const { t } = useTranslation(["settings", "common", "fields"]);
  const { area, person } = route.useSearch();
  const navigate = useNavigate();
  const users = useQuery(usersQuery).data ?? [];
  const query = useInfiniteQuery(auditQuery({ area, person }));
  const found = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const filtered = Boolean(area || person);
  const show = (part: Partial<SettingsSearch>) =>
    void navigate({
      to: "/settings/$section",
      params: { section: "audit" },
      search: { area, person, ...part },
      replace: true,
      resetScroll: false,
    });
  return (
    <Block title={t("settings:section_audit")} note={t("settings:audit_note")}>
      <Buttons>
        <Select
          aria-label={t("settings:audit_area")}
          placeholder={t("settings:audit_area_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          data={auditAreas.map((one) => ({ value: one, label: t(`settings:area_${one}`) }))}
          value={area ?? null}
          onChange={(next) => show({ area: (next as SettingsSearch["area"] | null) ?? undefined })}
        />
        <Select
          aria-label={t("settings:audit_person")}
          placeholder={t("settings:audit_person_any")}
          clearable
          clearButtonProps={{ "aria-label": t("fields:clear") }}
          searchable
          nothingFoundMessage={t("fields:nothing_found")}
          data={users.map(({ id, name }) => ({ value: id, label: name }))}
          value={person ?? null}
          onChange={(next) => show({ person: next ?? undefined })}
        />
      </Buttons>
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && found.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && found.length === 0 && <Lead>{t("settings:audit_none")}</Lead>}
      {query.isSuccess && found.length === 0 && filtered && (
        <Buttons>
          <Button variant="default" onClick={() => show({ area: undefined, person: undefined })}>
            {t("settings:audit_all")}
          </Button>
        </Buttons>
      )}
      {found.length > 0 && <Acts acts={found} />}
      <ShowMore of={query} label={t("settings:audit_earlier")} />
    </Block>
  );
}

function Acts({ acts }: { acts: AuditAct[] }) {
  const { t } = useTranslation("settings");
  const [open, setOpen] = useState<Id>();
  const columns: Column<AuditAct>[] = [
    {
      key: "when",
      label: t("audit_when"),
      render: ({ at }) => <time dateTime={at}>{formatDateTime(at)}</time>,
    },
    { key: "who", label: t("audit_who"), render: (act) => <Who act={act} /> },
    { key: "what", label: t("audit_what"), render: ({ text }) => text },
    {
      key: "of",
      label: t("audit_of"),
      grow: true,
      render: ({ id, title, object, detail }) => (
        <>
          {title ?? object}
          {open === id && <LogText>{`\n${JSON.stringify(detail, null, 1)}`}</LogText>}
        </>
      ),
    },
    {
      key: "detail",
      label: t("audit_detail"),
      bare: true,
      // What changed, as it was written down; for those who look closely.
      render: ({ id, detail }) =>
        Object.values(detail).some((value) => value !== null) && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            aria-expanded={open === id}
            onClick={() => setOpen(open === id ? undefined : id)}
          >
            {t("audit_detail")}
          </Button>
        ),
    },
  ];
  return <DataTable label={t("section_audit")} columns={columns} rows={acts} keyOf={({ id }) => id} />;
}

function Who({ act: { actor } }: { act: AuditAct }) {
  const { t } = useTranslation("settings");
  if (actor.kind === "system") return <Secondary>{t("audit_system")}</Secondary>;
  if (actor.on_behalf_of && actor.on_behalf_of !== actor.name) {
    return t("audit_through", { name: actor.name, person: actor.on_behalf_of });
  }
  return actor.name ?? actor.id ?? actor.kind;
}
