/** Templates of papers: ours with their settings, and the company's own by entity. */
import { Button, UnstyledButton } from "@mantine/core";
import { IconFileText, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type PaperTemplate, paperTemplatesQuery } from "@/api/document-templates";
import { type OwnTemplate, ownTemplatesQuery } from "@/api/own-templates";
import { useEntities } from "@/api/session";
import { formatDateTime } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Secondary, Stacked, Tag } from "@/ui/block";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { byEntity, openedBy } from "./model";
import { OwnForm } from "./own-form";
import { SettingsForm } from "./settings-form";
import { UploadForm } from "./upload-form";

interface Props {
  /** `new`, the key of one of ours, or the id of an own one. */
  editing?: string;
  onEdit(id?: string): void;
}

export default function Templates({ editing, onEdit }: Props) {
  const opened = openedBy(editing);
  return (
    <>
      <Ours editing={opened.kind === "ours" ? opened.key : undefined} onEdit={onEdit} />
      <Own editing={opened.kind === "own" ? opened.id : undefined} onEdit={onEdit} />
      {opened.kind === "new" && <UploadForm onDone={({ id }) => onEdit(id)} onClose={() => onEdit()} />}
    </>
  );
}

function Ours({ editing, onEdit }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const query = useQuery(paperTemplatesQuery);
  const templates = query.data ?? [];
  // A form that is open stays with what it began with, whatever becomes of the list behind it.
  const [opened, setOpened] = useState<PaperTemplate>();
  const now = templates.find(({ key }) => key === editing);
  if (opened?.key !== editing && opened?.key !== now?.key) setOpened(now);
  const columns: Column<PaperTemplate>[] = [
    {
      key: "title",
      label: t("templates:template"),
      grow: true,
      render: (one) => (
        <UnstyledButton
          mih={24}
          title={t("templates:settings_of", { name: one.title })}
          onClick={() => onEdit(one.key)}
        >
          {one.title}
        </UnstyledButton>
      ),
    },
    {
      key: "changed",
      label: t("templates:settings"),
      render: (one) =>
        one.version > 0 ? (
          <Tag tone="accent">{t("templates:settings_own")}</Tag>
        ) : (
          <Tag>{t("templates:settings_ours")}</Tag>
        ),
    },
  ];
  return (
    <Block title={t("templates:ours")} note={t("templates:ours_note")}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={3} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {templates.length > 0 && (
        <DataTable label={t("templates:ours")} columns={columns} rows={templates} keyOf={({ key }) => key} />
      )}
      {opened && opened.key === editing && (
        <SettingsForm
          key={`${opened.key} ${opened.version}`}
          template={opened}
          now={now}
          onTheirs={setOpened}
          onClose={() => onEdit()}
        />
      )}
    </Block>
  );
}

function Own({ editing, onEdit }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const entities = useEntities();
  const query = useQuery(ownTemplatesQuery);
  const own = query.data ?? [];
  const edited = own.find(({ id }) => id === editing);
  const add = (
    <Button aria-label={t("templates:add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("templates:add")}</IconText>
    </Button>
  );
  const labelOf = (entity: string) => entities.find(({ key }) => key === entity)?.label_plural ?? entity;
  return (
    <Block title={t("templates:own")} note={t("templates:own_note")} actions={own.length > 0 && add}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && own.length === 0 && (
        <EmptyState icon={<IconFileText size={28} />} action={add}>
          {t("templates:own_none")}
        </EmptyState>
      )}
      {byEntity(
        own,
        entities.map(({ key }) => key),
      ).map(([entity, templates]) => (
        <OwnTable key={entity} label={labelOf(entity)} templates={templates} onEdit={onEdit} />
      ))}
      {edited && <OwnForm key={edited.id} template={edited} onClose={() => onEdit()} />}
    </Block>
  );
}

interface TableProps {
  label: string;
  templates: OwnTemplate[];
  onEdit(id: string): void;
}

function OwnTable({ label, templates, onEdit }: TableProps) {
  const { t } = useTranslation(["templates", "common"]);
  const columns: Column<OwnTemplate>[] = [
    {
      key: "title",
      label,
      grow: true,
      render: (one) => (
        <UnstyledButton
          title={t("templates:settings_of", { name: one.title })}
          onClick={() => onEdit(one.id)}
        >
          <Stacked>
            <span>{one.title}</span>
            <Secondary>
              {[one.paper && t(`templates:paper_${one.paper}`), one.file_name].filter(Boolean).join(" · ")}
            </Secondary>
          </Stacked>
        </UnstyledButton>
      ),
    },
    {
      key: "state",
      label: t("templates:state"),
      render: (one) => (
        <>
          {one.usual && <Tag tone="ok">{t("templates:usual_is")}</Tag>}
          {one.unknown.length > 0 && (
            <Tag tone="warn" title={one.unknown.join(", ")}>
              {t("templates:unknown_some")}
            </Tag>
          )}
        </>
      ),
    },
    {
      key: "version",
      label: t("templates:version"),
      render: (one) => (
        <Secondary>
          {t("templates:version_at", { version: one.version, at: formatDateTime(one.updated_at) })}
        </Secondary>
      ),
    },
  ];
  return <DataTable label={label} columns={columns} rows={templates} keyOf={({ id }) => id} />;
}
