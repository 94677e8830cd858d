/** How an import ended: counts, refused rows, going on, and taking all of it back. */
import { Button, Popover } from "@mantine/core";
import { IconArrowBackUp, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { batchQuery, resumeImport } from "@/api/imports";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { recordQuery, refreshAround, undoBatch } from "@/api/records";
import { useEntities } from "@/api/session";
import type { Entity, Id, Import, UndoAnswer } from "@/api/types";
import { titleOf } from "@/engines/fields/text";
import { formatDateTime } from "@/i18n/format";
import { Block, Buttons, type Column, DataTable, Notice } from "@/ui/block";
import { PopoverForm } from "@/ui/chips";
import { progressToast, toastError } from "@/ui/toast";
import { InlineLink } from "@/ui/value";
import { ImportFigures, LeftOutNotice, Reasons, RefusedRows } from "./parts";

/** Kept records whose titles are read; undo keeps few. */
const titled = 50;

export function ResultStep({ one, entity }: { one: Import; entity?: Entity }) {
  const { t } = useTranslation(["imports", "common"]);
  const batch = useQuery({ ...batchQuery(one.batch ?? ""), enabled: Boolean(one.batch) }).data;
  const [undone, setUndone] = useState<UndoAnswer | null>(null);
  const resume = useMutation({
    mutationFn: () => resumeImport(one.id),
    onError: (error) => toastError(error),
  });
  const undo = useMutation({
    mutationFn: async (id: Id) => {
      const note = progressToast((done, total) => t("common:undoing", { done, total }));
      return undoBatch(id, note.show).finally(note.hide);
    },
    onSuccess: setUndone,
    onError: (error) => toastError(error, t("not_undone")),
    onSettled: () => {
      if (one.batch) void queryClient.invalidateQueries({ queryKey: keys.batch(one.batch) });
      void queryClient.invalidateQueries({ queryKey: keys.records(one.entity) });
      refreshAround(one.entity);
    },
  });
  const wasUndone = Boolean(batch?.undone_at) || undone !== null;
  const unfinished = one.state !== "done" && !wasUndone;
  return (
    <>
      {wasUndone ? (
        <Notice tone="plain" title={t("undone")}>
          {undone
            ? t("undone_count", { count: undone.restored })
            : batch?.undone_at && t("undone_at", { when: formatDateTime(batch.undone_at) })}
        </Notice>
      ) : (
        <Ending one={one} />
      )}
      <ImportFigures one={one} dry={false} />
      <Block>
        <Buttons>
          {entity?.actions.read && (
            <Button
              component={Link}
              to="/records/$entity/list"
              params={{ entity: one.entity } as never}
              search={{ sort: [{ field: "created_at", desc: true }] } as never}
              variant={unfinished ? "default" : "filled"}
            >
              {t("to_records", { entity: entity.label_plural })}
            </Button>
          )}
          {unfinished && (
            <Button
              leftSection={<IconPlayerPlay size={16} />}
              loading={resume.isPending}
              onClick={() => resume.mutate()}
            >
              {t("resume")}
            </Button>
          )}
          {one.batch && !wasUndone && (
            <UndoButton
              pending={undo.isPending}
              count={one.accepted}
              onUndo={() => one.batch && undo.mutate(one.batch)}
            />
          )}
        </Buttons>
      </Block>
      {undone && undone.kept.length > 0 && <Kept kept={undone.kept} />}
      {one.partial > 0 && <LeftOutNotice one={one} dry={false} />}
      <Reasons one={one} entity={entity} />
      <RefusedRows one={one} entity={entity} />
    </>
  );
}

function Ending({ one }: { one: Import }) {
  const { t } = useTranslation("imports");
  if (one.state === "failed") {
    return (
      <Notice tone="danger" title={t("failed_title")}>
        {one.problem} {t("stopped_text")}
      </Notice>
    );
  }
  if (one.state === "cancelled") {
    return (
      <Notice tone="warn" title={t("cancelled_title")}>
        {t("stopped_text")}
      </Notice>
    );
  }
  return (
    <Notice tone={one.refused > 0 ? "warn" : "ok"} title={t("done_title")}>
      {t(one.refused > 0 ? "done_refused" : "done_fine")}
    </Notice>
  );
}

function UndoButton({ pending, count, onUndo }: { pending: boolean; count: number; onUndo(): void }) {
  const { t } = useTranslation("imports");
  const [asking, setAsking] = useState(false);
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-start" trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={16} />}
          loading={pending}
          onClick={() => setAsking(!asking)}
        >
          {t("undo")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm
          onSubmit={() => {
            setAsking(false);
            onUndo();
          }}
        >
          {t("undo_text", { count })}
          <Button type="submit">{t("undo_now")}</Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}

type KeptRecord = UndoAnswer["kept"][number];

function Kept({ kept }: { kept: KeptRecord[] }) {
  const { t } = useTranslation(["imports", "fields"]);
  const entities = useEntities();
  const found = useQueries({
    queries: kept.slice(0, titled).map(({ entity, id }) => recordQuery(entity, id)),
  });
  const titleFor = ({ entity, id }: KeptRecord) => {
    const record = found.find(({ data }) => data?.id === id)?.data;
    const kind = entities.find((one) => one.key === entity);
    return kind && record ? titleOf(kind, record.fields, t("fields:untitled")) : (kind?.label ?? entity);
  };
  const columns: Column<KeptRecord>[] = [
    {
      key: "record",
      label: t("imports:record"),
      grow: true,
      render: (record) => (
        <InlineLink>
          <Link to="/records/$entity/$id" params={{ entity: record.entity, id: record.id }}>
            {titleFor(record)}
          </Link>
        </InlineLink>
      ),
    },
    {
      key: "reason",
      label: t("imports:reason"),
      render: ({ reason }) =>
        reason === "record.conflict" ? t("imports:kept_changed") : t("imports:kept_failed", { code: reason }),
    },
  ];
  return (
    <Block title={t("imports:kept")} note={t("imports:kept_note", { count: kept.length })}>
      <DataTable label={t("imports:kept")} columns={columns} rows={kept} keyOf={(record) => record.id} />
    </Block>
  );
}
