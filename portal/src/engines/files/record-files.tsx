/** The files of a record: sending by drop or choice with progress, a list with small pictures, the bin. */
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { messageOf } from "@/api/problem";
import { meQuery } from "@/api/session";
import type { FileView, Id } from "@/api/types";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { Hint, Notice } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { Bone } from "@/ui/states";
import { FileButtons, FileLine, FileLines, UnsentLine } from "@/ui/tiles";
import { toast, toastError } from "@/ui/toast";
import { usePhone } from "@/ui/use-phone";
import type { FilesDoor } from "./door";
import { useSender } from "./sender";
import { shortName } from "./short-name";
import { sizeOf } from "./size";

/** As many as are looked through at a glance; the others come when they are asked for. */
const few = 8;

interface Props {
  door: FilesDoor;
  entity: string;
  id: Id;
  label: string;
  /** Whether the person may add and remove. */
  changes: boolean;
  /** Endings the dialog offers; everything when absent. */
  accept?: string[];
  /** Megabytes of one file. */
  most?: number;
}

export function RecordFiles({ door, entity, id, label, changes, accept, most }: Props) {
  const { t } = useTranslation(["blocks", "common"]);
  const client = useQueryClient();
  const queryKey = keys.files(entity, id);
  const query = useQuery({ queryKey, queryFn: ({ signal }) => door.list(entity, id, signal) });
  const [all, setAll] = useState(false);
  const changed = () => void client.invalidateQueries({ queryKey });
  const sender = useSender(door, entity, id, most, changed);
  const remove = useRemoval(door, changed);
  // Nothing is dragged on a phone.
  const phone = usePhone();
  const limit = most === undefined ? "" : t("blocks:file_too_large_before", { most });
  const drop = most === undefined ? t("blocks:drop_file") : t("blocks:file_at_most", { most });
  const hint = phone ? limit : drop;
  const files = query.data ?? [];
  const shown = all ? files : files.slice(0, few);
  return (
    <>
      {changes && (
        <DropFile
          compact
          label={t("blocks:add_file")}
          hint={hint}
          accept={(accept ?? []).join(",")}
          pick={phone ? t("blocks:add_file") : t("blocks:pick_file")}
          onFiles={sender.send}
          sending={sender.sending}
        />
      )}
      <Unsent sender={sender} />
      {query.isPending && <Bone height={36} />}
      {query.isError && files.length === 0 && (
        <Notice
          tone="danger"
          action={
            <Button variant="default" onClick={() => void query.refetch()}>
              {t("common:retry")}
            </Button>
          }
        >
          {messageOf(query.error, t("common:network"))}
        </Notice>
      )}
      {query.isSuccess && files.length === 0 && !changes && <Hint>{t("blocks:files_none")}</Hint>}
      {files.length > 0 && (
        <FileLines label={label}>
          {shown.map((file) => (
            <Line
              key={file.id}
              door={door}
              file={file}
              remove={changes ? () => void remove(file) : undefined}
            />
          ))}
        </FileLines>
      )}
      <FileButtons>
        {files.length > few && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            aria-expanded={all}
            onClick={() => setAll(!all)}
          >
            {all ? t("blocks:files_fewer") : t("blocks:files_all", { number: files.length })}
          </Button>
        )}
        {changes && <Bin door={door} entity={entity} id={id} changed={changed} />}
      </FileButtons>
    </>
  );
}

function Line({ door, file, remove }: { door: FilesDoor; file: FileView; remove?: () => void }) {
  const { t } = useTranslation("blocks");
  return (
    <FileLine
      href={file.shown ? door.contentUrl(file.id) : door.downloadUrl(file.id)}
      opens={file.shown}
      picture={file.thumbnail ? door.thumbnailUrl(file.id) : undefined}
      name={file.name}
      about={useAbout(file)}
      exact={formatDateTime(file.created_at)}
      remove={remove && { label: t("remove_file", { name: file.name }), run: remove }}
    />
  );
}

/** How large, since when, whose. */
function useAbout(file: FileView): string {
  const { t } = useTranslation("blocks");
  const { unit, number } = sizeOf(file.size);
  const about = [t(`size_${unit}`, { number }), formatRelative(file.created_at, Date.now())];
  const me = useQueryClient().getQueryData(meQuery.queryKey);
  const { kind, id, name } = file.created_by;
  const by = kind === "plugin" ? (me?.plugins.find((one) => one.id === id)?.title ?? name) : name;
  return [...about, by].filter(Boolean).join(" · ");
}

/** What did not go: why, and the way to send it again. */
function Unsent({ sender }: { sender: ReturnType<typeof useSender> }) {
  const { t } = useTranslation(["blocks", "common"]);
  const { unsent, drop, again, sending } = sender;
  if (unsent.length === 0) return null;
  return (
    <FileLines label={t("blocks:files_unsent")}>
      {unsent.map((one) => (
        <UnsentLine
          key={one.key}
          name={one.file.name}
          reason={one.reason}
          again={
            one.again ? (
              <Button
                variant="default"
                size="compact-sm"
                disabled={sending !== undefined}
                onClick={() => again([one])}
              >
                {t("common:retry")}
              </Button>
            ) : undefined
          }
          drop={{ label: t("blocks:file_forget", { name: one.file.name }), run: () => drop(one.key) }}
        />
      ))}
    </FileLines>
  );
}

/** What was removed, while it is kept: asked for when it is opened. */
function Bin({ door, entity, id, changed }: { door: FilesDoor; entity: string; id: Id; changed(): void }) {
  const { t } = useTranslation(["blocks", "common"]);
  const [opened, setOpened] = useState(false);
  const query = useQuery({
    queryKey: keys.filesRemoved(entity, id),
    queryFn: ({ signal }) => door.removed(entity, id, signal),
    enabled: opened,
  });
  const files = query.data ?? [];
  const restore = (file: FileView) =>
    door.restore(file).then(changed, (error: unknown) => toastError(error, file.name));
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        aria-expanded={opened}
        onClick={() => setOpened(!opened)}
      >
        {t("blocks:files_removed")}
      </Button>
      {opened && query.isError && <Hint>{messageOf(query.error, t("common:network"))}</Hint>}
      {opened && query.isSuccess && files.length === 0 && <Hint>{t("blocks:files_removed_none")}</Hint>}
      {opened && files.length > 0 && (
        <FileLines label={t("blocks:files_removed")}>
          {files.map((file) => (
            <RemovedLine key={file.id} file={file} onRestore={() => void restore(file)} />
          ))}
        </FileLines>
      )}
    </>
  );
}

function RemovedLine({ file, onRestore }: { file: FileView; onRestore(): void }) {
  const { t } = useTranslation(["blocks", "common"]);
  return (
    <FileLine
      name={file.name}
      about={useAbout(file)}
      exact={formatDateTime(file.created_at)}
      action={
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t("blocks:restore_file", { name: file.name })}
          onClick={onRestore}
        >
          {t("common:restore")}
        </Button>
      }
    />
  );
}

function useRemoval(door: FilesDoor, changed: () => void) {
  const { t } = useTranslation(["blocks", "common"]);
  return async (file: FileView) => {
    try {
      await door.remove(file);
      changed();
    } catch (error) {
      toastError(error, file.name);
      return;
    }
    toast({
      message: t("blocks:file_removed", { name: shortName(file.name) }),
      action: {
        label: t("common:undo"),
        run: () => void door.restore(file).then(changed, (error: unknown) => toastError(error, file.name)),
      },
    });
  };
}
