/** A list as a file: begun here, made beside the page, given when it is ready. */
import { ActionIcon, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { cancelJob, exportList, jobOf, type ListExport } from "@/api/merge";
import type { AnyJob } from "@/api/types";
import { withRecordTexts } from "@/i18n";
import { toast, toastError } from "@/ui/toast";

/** Milliseconds between two looks. */
const pause = 1_000;
// With the first export: a list is looked at by many who make none.
const loadToasts = () => withRecordTexts(() => import("@/ui/job-toast"));
const formats = ["xlsx", "csv"] as const;

export default function ExportMenu({ asked }: { asked: Omit<ListExport, "format"> }) {
  const { t } = useTranslation(["records", "list"]);

  const watch = async (begun: AnyJob, name: string, toasts: Awaited<ReturnType<typeof loadToasts>>) => {
    let job = begun;
    while (job.state === "running") {
      toasts.jobToast({
        id: begun.id,
        text: t("export_at", { name, done: job.done, total: job.total }),
        share: job.total > 0 ? (job.done / job.total) * 100 : 100,
        cancel: t("export_cancel"),
        onCancel: () => void cancelJob(begun.id).catch(() => undefined),
      });
      await new Promise((resume) => setTimeout(resume, pause));
      // Without a line it goes on all the same.
      job = await jobOf(begun.id).catch(() => job);
    }
    toasts.endJobToast(begun.id);
    ended(job);
  };

  const ended = (job: AnyJob) => {
    const file = (job.result as { file?: { name: string; rows: number; href: string } } | null)?.file;
    if (job.state === "done" && file) {
      toast({
        kind: "done",
        title: t("export_ready"),
        message: `${file.name} · ${t("export_rows", { count: file.rows })}`,
        action: { label: t("export_download"), run: () => location.assign(file.href) },
        stay: 60_000,
      });
    } else if (job.state === "cancelled") {
      toast({ message: t("export_cancelled") });
    } else {
      toast({ kind: "error", title: t("export_failed"), message: job.problem?.detail ?? "" });
    }
  };

  const begin = async (format: (typeof formats)[number]) => {
    try {
      const toasts = await loadToasts();
      await watch(await exportList({ ...asked, format }), asked.name ?? asked.entity, toasts);
    } catch (error) {
      toastError(error, t("export_failed"));
    }
  };

  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("list:export")} title={t("list:export")}>
          <IconDownload size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} onClick={() => void begin(format)}>
            {t("list:export_as", { format: format.toUpperCase() })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
