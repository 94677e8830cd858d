/** Long work: a request begins it and it is watched until it is over; it goes on when nobody watches. */
import { api } from "./client";
import { ApiError } from "./problem";
import type { Id } from "./types";

export interface Job<T> {
  id: Id;
  kind: string;
  state: "running" | "done" | "failed" | "cancelled";
  done: number;
  total: number;
  /** What came out so far. */
  result: T | null;
  problem?: { code: string; detail: string } | null;
}

/** Milliseconds between two looks. */
const pause = 1_000;

const isJob = <T extends object>(answer: T | Job<T>): answer is Job<T> =>
  "state" in answer && "total" in answer;

/** What came of a request that is answered at once or, when there is much to do, with a job. */
export async function outcome<T extends object>(
  answer: T | Job<T>,
  onProgress?: (job: Job<T>) => void,
): Promise<T> {
  if (!isJob(answer)) return answer;
  let job = answer;
  while (job.state === "running") {
    onProgress?.(job);
    await new Promise((resume) => setTimeout(resume, pause));
    job = await api.get<Job<T>>(`/jobs/${job.id}`);
  }
  if (job.state === "failed" || !job.result) {
    throw new ApiError({
      status: 500,
      code: job.problem?.code ?? `job.${job.state}`,
      detail: job.problem?.detail,
    });
  }
  return job.result;
}
