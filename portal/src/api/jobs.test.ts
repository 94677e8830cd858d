import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api } from "./client";
import { type Job, outcome } from "./jobs";
import { ApiError } from "./problem";

type Undone = { restored: number };

const job = (part: Partial<Job<Undone>>): Job<Undone> => ({
  id: "1",
  kind: "records.undo",
  state: "running",
  done: 0,
  total: 10,
  result: null,
  created_at: "2026-11-28T10:00:00Z",
  updated_at: "2026-11-28T10:00:00Z",
  ...part,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("an answer that is no job is what came of it", async () => {
  expect(await outcome<Undone>({ restored: 3 })).toEqual({ restored: 3 });
});

test("a job is watched to its end", async () => {
  const answers = [job({ done: 4 }), job({ done: 10, state: "done", result: { restored: 9 } })];
  const get = vi.spyOn(api, "get").mockImplementation(async () => answers.shift() as never);
  const seen: number[] = [];
  const result = outcome<Undone>(job({}), ({ done }) => seen.push(done));
  await vi.runAllTimersAsync();
  expect(await result).toEqual({ restored: 9 });
  expect(seen).toEqual([0, 4]);
  expect(get).toHaveBeenCalledTimes(2);
});

test("a job that failed says why", async () => {
  const failed = job({ state: "failed", problem: { code: "auth.required", detail: "Sign in again." } });
  await expect(outcome<Undone>(failed)).rejects.toThrow(
    new ApiError({ status: 500, code: "auth.required", detail: "Sign in again." }),
  );
});
