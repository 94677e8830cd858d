/**
 * Long work that an action began: its progress stands in a message with Cancel. It goes on when the page is left, and is
 * found again after a reload: the ids are kept in this tab. No React.
 */
import type { AnyJob, Id } from "@/api/types";
import i18next from "@/i18n";
import { endJobToast, jobToast } from "@/ui/job-toast";
import { toast } from "@/ui/toast";
import { type Clock, realClock } from "./sources";
import type { Backend } from "./wire";

const place = "verstak.jobs";
/** Between two looks, ms. */
export const look_ms = 1_000;

interface Kept {
  id: Id;
  /** What was begun, in the person's words. */
  label: string;
}

const watched = new Set<Id>();

function kept(): Kept[] {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? "[]") as Kept[];
  } catch {
    return [];
  }
}

function keep(jobs: Kept[]): void {
  if (jobs.length > 0) sessionStorage.setItem(place, JSON.stringify(jobs));
  else sessionStorage.removeItem(place);
}

type JobBackend = Pick<Backend, "job" | "cancelJob">;

/** Shows the job until it is over; what then happens to the page is the caller's. */
export function watchJob(
  backend: JobBackend,
  { id, label }: Kept,
  onEnd: (job: AnyJob) => void,
  begun?: AnyJob,
  clock: Clock = realClock,
): void {
  if (watched.has(id)) return;
  watched.add(id);
  keep([...kept().filter((one) => one.id !== id), { id, label }]);
  const over = () => {
    watched.delete(id);
    keep(kept().filter((one) => one.id !== id));
    endJobToast(id);
  };
  const show = ({ done, total }: Pick<AnyJob, "done" | "total">) =>
    jobToast({
      id,
      text:
        total > 0
          ? i18next.t("blocks:job_at", { what: label, done, total })
          : i18next.t("blocks:job_runs", { what: label }),
      share: total > 0 ? (done / total) * 100 : 100,
      cancel: i18next.t("blocks:cancel"),
      onCancel: () => void backend.cancelJob?.(id).catch(() => undefined),
    });
  const end = (job: AnyJob) => {
    over();
    const failed = job.state === "failed";
    const stopped = job.state === "cancelled";
    const text = failed
      ? ("job_failed" as const)
      : stopped
        ? ("job_cancelled" as const)
        : ("job_done" as const);
    toast({
      kind: failed ? "error" : "plain",
      title: i18next.t(`blocks:${text}`, { what: label }),
      message: job.problem?.detail ?? "",
    });
    onEnd(job);
  };
  const look = async () => {
    try {
      const job = await backend.job?.(id);
      // Nobody's any more: there is nothing to wait for.
      if (!job) return over();
      if (job.state !== "running") return end(job);
      show(job);
    } catch {
      // The line is gone; the work is not.
    }
    clock.later(() => void look(), look_ms);
  };
  if (begun && begun.state !== "running") end(begun);
  else {
    show(begun ?? { done: 0, total: 0 });
    void look();
  }
}

/** Those that were begun before this page was loaded. */
export function resumeJobs(backend: JobBackend, onEnd: (job: AnyJob) => void): void {
  for (const one of kept()) watchJob(backend, one, onEnd);
}
