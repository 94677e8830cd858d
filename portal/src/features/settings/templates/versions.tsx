/** Versions of an own template: who uploaded each, its file, and the way back to it. */
import { Anchor, Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type OwnVersion, ownFileUrl, ownVersionsQuery, restoreOwn } from "@/api/document-templates";
import type { OwnTemplate } from "@/api/own-templates";
import { formatDateTime } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Secondary, Stacked, Tag } from "@/ui/block";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { kibibytes } from "./model";

export function Versions({ template }: { template: OwnTemplate }) {
  const { t } = useTranslation(["templates", "common"]);
  const query = useQuery(ownVersionsQuery(template.id));
  const restore = useMutation({
    mutationFn: (version: number) => restoreOwn(template.id, version, template.version),
    onSuccess: ({ version }) => toast({ message: t("templates:version_added", { version }), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const columns: Column<OwnVersion>[] = [
    {
      key: "version",
      label: t("templates:version"),
      grow: true,
      render: (one) => (
        <Stacked>
          <Anchor href={ownFileUrl(template.id, one.version)} size="sm">
            {t("templates:version_file", { version: one.version, name: one.file_name })}
          </Anchor>
          <Secondary>
            {formatDateTime(one.created_at)} · {t("templates:kib", { size: kibibytes(one.size) })}
          </Secondary>
        </Stacked>
      ),
    },
    {
      key: "restore",
      label: t("templates:restore"),
      bare: true,
      render: (one) =>
        one.version === template.version ? (
          <Tag tone="ok">{t("templates:version_present")}</Tag>
        ) : (
          <Button
            variant="subtle"
            size="compact-sm"
            disabled={restore.isPending}
            aria-label={t("templates:restore_version", { version: one.version })}
            onClick={() => restore.mutate(one.version)}
          >
            {t("templates:restore")}
          </Button>
        ),
    },
  ];
  return (
    <Block title={t("templates:versions")}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <DataTable
          label={t("templates:versions")}
          columns={columns}
          rows={query.data}
          keyOf={({ version }) => String(version)}
        />
      )}
    </Block>
  );
}
