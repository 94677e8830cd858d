/** The files of a record: a list with small pictures, sending by drop or choice with progress, removing with a way back. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { messageOf } from "@/api/problem";
import type { FileView, Id } from "@/api/types";
import { formatNumber, formatRelative } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { FileLine, FileLines } from "@/ui/tiles";
import { toast, toastError } from "@/ui/toast";
import type { FilesDoor } from "./door";
import { sizeText } from "./size";

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
  const changed = () => void client.invalidateQueries({ queryKey });
  const sender = useSender(door, entity, id, most, changed);
  const remove = useRemoval(door, changed);
  const files = query.data ?? [];
  return (
    <>
      {query.isError && <Notice tone="danger">{messageOf(query.error, t("common:network"))}</Notice>}
      {files.length > 0 && (
        <FileLines label={label}>
          {files.map((file) => (
            <FileLine
              key={file.id}
              href={file.shown ? door.contentUrl(file.id) : door.downloadUrl(file.id)}
              opens={file.shown}
              picture={file.thumbnail ? door.thumbnailUrl(file.id) : undefined}
              name={file.name}
              size={aboutText(file)}
              remove={
                changes
                  ? { label: t("blocks:remove_file", { name: file.name }), run: () => void remove(file) }
                  : undefined
              }
            />
          ))}
        </FileLines>
      )}
      {changes && (
        <DropFile
          compact
          label={t("blocks:add_file")}
          hint={most === undefined ? t("blocks:drop_file") : t("blocks:file_at_most", { most })}
          accept={(accept ?? []).join(",")}
          pick={t("blocks:pick_file")}
          onFiles={(all) => void sender.send(all)}
          sending={sender.sending}
        />
      )}
    </>
  );
}

function aboutText(file: FileView): string {
  const who = file.created_by.name;
  const about = [sizeText(file.size), formatRelative(file.created_at, Date.now())];
  return (who ? [...about, who] : about).join(" · ");
}

/** Sends one file after another; Cancel ends the rest too. */
function useSender(door: FilesDoor, entity: string, id: Id, most: number | undefined, changed: () => void) {
  const { t } = useTranslation(["blocks", "common"]);
  const [now, setNow] = useState<{ name: string; share: number } | null>(null);
  const abort = useRef<AbortController>(null);
  const send = async (files: File[]) => {
    const controller = new AbortController();
    abort.current = controller;
    for (const file of files) {
      if (controller.signal.aborted) break;
      if (most !== undefined && file.size > most * 1024 * 1024) {
        toast({ kind: "error", title: file.name, message: t("blocks:file_too_large", { most }) });
        continue;
      }
      setNow({ name: file.name, share: 0 });
      try {
        await door.upload(entity, id, file, {
          onProgress: (share) => setNow({ name: file.name, share }),
          signal: controller.signal,
        });
        changed();
      } catch (error) {
        if (!controller.signal.aborted) toastError(error, file.name);
      }
    }
    setNow(null);
  };
  const sending = now
    ? {
        label: now.name,
        text: now.share < 1 ? `${formatNumber(now.share * 100, 0)} %` : t("blocks:sending"),
        share: now.share,
        cancelLabel: t("common:cancel"),
        onCancel: () => abort.current?.abort(),
      }
    : undefined;
  return { send, sending };
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
      message: t("blocks:file_removed", { name: file.name }),
      action: {
        label: t("common:undo"),
        run: () => void door.restore(file).then(changed, (error: unknown) => toastError(error, file.name)),
      },
    });
  };
}
