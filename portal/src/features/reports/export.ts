/** Takes figures away as a file: its progress stands in a message that can stop it. */
import { ApiError } from "@/api/problem";
import { cancelJob, type Exported, type ExportFormat, exportReport } from "@/api/saved-reports";
import i18next from "@/i18n";
import { endJobToast, jobToast } from "@/ui/job-toast";
import { toast, toastError } from "@/ui/toast";

export async function takeAway(of: Exported, format: ExportFormat, name: string): Promise<void> {
  let shown = "";
  try {
    const file = await exportReport(of, format, name, ({ id, done, total }) => {
      shown = id;
      jobToast({
        id,
        text: i18next.t("reports:exporting", { name, done, total }),
        share: total > 0 ? (done / total) * 100 : 0,
        cancel: i18next.t("common:cancel"),
        onCancel: () => void cancelJob(id).catch(toastError),
      });
    });
    download(file.href, file.name);
    toast({ message: i18next.t("reports:exported", { count: file.rows, name: file.name }), kind: "done" });
  } catch (error) {
    if (error instanceof ApiError && error.code === "job.cancelled") {
      toast({ message: i18next.t("reports:export_stopped") });
    } else toastError(error, i18next.t("reports:export_failed"));
  } finally {
    if (shown) endJobToast(shown);
  }
}

function download(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
