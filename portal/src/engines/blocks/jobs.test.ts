// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from "vitest";
import type { AnyJob } from "@/api/types";
import { resumeJobs, watchJob } from "./jobs";
import type { Clock } from "./sources";

const shown = vi.hoisted(() => [] as string[]);
vi.mock("@/ui/job-toast", () => ({
  jobToast: ({ share }: { share: number }) => shown.push(String(share)),
  endJobToast: () => shown.push("gone"),
}));
vi.mock("@/ui/toast", () => ({ toast: ({ kind }: { kind: string }) => shown.push(kind) }));

const job = (state: string, done: number) => ({ id: "j", state, done, total: 4 }) as unknown as AnyJob;
const settle = () => new Promise((next) => setTimeout(next));

beforeEach(() => {
  shown.length = 0;
  sessionStorage.clear();
});

it("shows how far a job is until it is over, and is found again after a reload", async () => {
  const answers = [job("running", 1), job("running", 3), job("done", 4)];
  let next: () => void = () => undefined;
  const clock: Clock = {
    now: () => 0,
    later(run) {
      next = run;
      return () => undefined;
    },
  };
  const ended: string[] = [];
  const backend = { job: async () => answers.shift() };
  watchJob(
    backend as never,
    { id: "j", label: "Recount" },
    ({ state }) => ended.push(state),
    undefined,
    clock,
  );
  await settle();
  expect(sessionStorage.getItem("verstak.jobs")).toContain('"Recount"');
  next();
  await settle();
  next();
  await settle();
  expect(shown).toEqual(["100", "25", "75", "gone", "plain"]);
  expect(ended).toEqual(["done"]);
  expect(sessionStorage.getItem("verstak.jobs")).toBeNull();
});

it("takes up again what this tab had begun, and lets go what is nobody's", async () => {
  sessionStorage.setItem("verstak.jobs", JSON.stringify([{ id: "k", label: "Recount" }]));
  resumeJobs({ job: async () => undefined } as never, () => undefined);
  await settle();
  expect(shown).toEqual(["100", "gone"]);
  expect(sessionStorage.getItem("verstak.jobs")).toBeNull();
});
