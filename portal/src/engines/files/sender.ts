/** Sending files one after another; what did not go stays in hand and can be sent again. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf, NetworkError } from "@/api/problem";
import type { Id } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { toastError } from "@/ui/toast";
import type { FilesDoor } from "./door";

/** A file that is still the person's: it was refused, or the line was lost. */
export interface Unsent {
  key: string;
  file: File;
  reason: string;
  /** Whether sending it again could help. */
  again: boolean;
}

export function useSender(
  door: FilesDoor,
  entity: string,
  id: Id,
  most: number | undefined,
  changed: () => void,
) {
  const { t } = useTranslation(["blocks", "common"]);
  const [now, setNow] = useState<{ name: string; share: number; left: number } | null>(null);
  const [unsent, setUnsent] = useState<Unsent[]>([]);
  const abort = useRef<AbortController>(null);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useLeaveGuard(now !== null || unsent.some(({ again }) => again));

  const keep = (one: Unsent) => setUnsent((old) => [...old.filter(({ key }) => key !== one.key), one]);
  const drop = (key: string) => setUnsent((old) => old.filter((one) => one.key !== key));

  /** Whatever it is sent again for after a lost line, it is the same upload. */
  const run = async (files: { key: string; file: File }[]) => {
    const controller = new AbortController();
    abort.current = controller;
    for (const [index, { key, file }] of files.entries()) {
      if (controller.signal.aborted) break;
      if (most !== undefined && file.size > most * 1024 * 1024) {
        keep({ key, file, reason: t("blocks:file_too_large", { most }), again: false });
        continue;
      }
      const left = files.length - index - 1;
      setNow({ name: file.name, share: 0, left });
      try {
        await door.upload(entity, id, file, {
          key,
          onProgress: (share) => setNow({ name: file.name, share, left }),
          signal: controller.signal,
        });
        drop(key);
        changed();
      } catch (error) {
        if (controller.signal.aborted) break;
        // Whoever went on to another page is told there.
        if (!here.current) toastError(error, file.name);
        const lost = error instanceof NetworkError;
        keep({
          key: lost ? key : newKey(),
          file,
          reason: messageOf(error, t("common:network")),
          again: true,
        });
        if (!lost) drop(key);
      }
    }
    setNow(null);
  };
  const sending = now
    ? {
        label: now.left > 0 ? t("blocks:sending_more", { name: now.name, left: now.left }) : now.name,
        text: now.share < 1 ? `${formatNumber(now.share * 100, 0)} %` : t("blocks:sending"),
        share: now.share,
        cancelLabel: t("common:cancel"),
        onCancel: () => abort.current?.abort(),
      }
    : undefined;
  return {
    send: (files: File[]) => void run(files.map((file) => ({ key: newKey(), file }))),
    again: (these: Unsent[]) => void run(these),
    unsent,
    drop,
    sending,
  };
}

/** The browser asks before it leaves the page with files that are not sent. */
function useLeaveGuard(active: boolean) {
  useEffect(() => {
    if (!active) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [active]);
}
