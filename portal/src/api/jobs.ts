/** Long work: a request begins it and it is watched until it is over; it goes on when nobody watches. */
import { api } from "./client";
import { ApiError } from "./problem";
import type { AnyJob } from "./types";

/** A job whose result is known to be `T`. */
export type Job<T> = Omit<AnyJob, "result"> & {
  /** What came out so far. */
  result?: T | null;
};

/** Milliseconds between two looks. */
const pause = 1_000;

const isJob = (answer: object): answer is AnyJob => "state" in answer && "total" in answer;

/**
 * What came of a request that is answered at once or, when there is much to do, with a job. `T` is the body of
 * the answer at once; a job's result is the same.
 */
export async function outcome<T extends object>(
  answer: T | AnyJob,
  onProgress?: (job: Job<T>) => void,
): Promise<T> {
  if (!isJob(answer)) return answer;
  let job = answer as Job<T>;
  while (job.state === "running") {
    onProgress?.(job);
    await new Promise((resume) => setTimeout(resume, pause));
    job = (await api.get("/jobs/{id}", { path: { id: job.id } })) as Job<T>;
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
