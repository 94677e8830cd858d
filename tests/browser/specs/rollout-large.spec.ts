/** A plan of 200 tasks, drawn in time and as a map: how long the browser takes is noted beside the test. */
import { readFileSync } from "node:fs";
import { packageFile, type Row } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Large plan", settings: { VERSTAK__PLUGINS__PATIENCE: "20" } });

const ID = "verstak.rollout";
const TASKS = 200;
/** Milliseconds on a machine that does other work too; a quiet one needs a fraction. */
const MOST = 8_000;

test("a plan of 200 tasks is drawn in time and as a mind map", async ({ page, signIn, api }) => {
  test.slow();
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("rollout"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  const { id: project } = await api.must<{ id: string }>("POST", `/plugins/${ID}/http/projects`, {
    title: "Large",
    template: "seven_steps",
    start: "2026-06-01",
  });
  const rows = async (entity: string, field: string, sort: string) => {
    const filter = { field, op: "eq", value: project };
    const query = { filter, sort: [{ field: sort }], limit: TASKS };
    const { items } = await api.must<{ items: Row[] }>("POST", `/records/${entity}/query`, query);
    return items;
  };
  const stage = (await rows("rollout_stage", "project", "position")).find(({ fields }) => fields.stage === "open");
  const there = (await rows("task", "rollout_project", "rollout_position")).length;
  const create = Array.from({ length: TASKS - there }, (_, n) => ({
    fields: {
      title: `Step ${there + n + 1}`,
      rollout_project: project,
      rollout_stage: stage?.id,
      rollout_code: `b${n}`,
      rollout_position: 1_000 + n,
      rollout_days: 5,
    },
  }));
  const written = async (rows: object) => {
    const body = { ...rows, all_or_nothing: true };
    const { results } = await api.must<{ results: { status: string }[] }>("POST", "/records/task/bulk", body);
    return results.every(({ status }) => status !== "refused");
  };
  expect(await written({ create })).toBe(true);
  const tasks = (await rows("task", "rollout_project", "rollout_position")).slice(there);
  const update = tasks.slice(1).map(({ id }, n) => ({ id, fields: { rollout_after: [tasks[n]?.id] } }));
  // The module plans the new tasks at the same moment: where it is quicker with one of them, none is written, and all are sent again.
  await expect.poll(() => written({ update })).toBe(true);
  const last = tasks.at(-1)?.id ?? "";
  const end = async () => String((await api.get("task", last)).fields.rollout_end ?? "");
  await expect.poll(end, { message: "the plan is in order", timeout: 60_000 }).toMatch(/^20(29|30)-/);

  await signIn(page);
  const took = async (what: string, drawn: () => Promise<void>) => {
    const begun = Date.now();
    await drawn();
    const time = Date.now() - begun;
    test.info().annotations.push({ type: "took", description: `${what}: ${time} ms` });
    expect(time, what).toBeLessThan(MOST);
  };
  await took("the gantt from its address", async () => {
    await page.goto(`/app/${ID}/plan?project=${project}`);
    await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", String(TASKS));
    await expect(page.getByRole("row").first()).toBeVisible();
  });
  await took("the mind map from its tab", async () => {
    await page.getByRole("tab", { name: "Mind map" }).click();
    await expect(page.getByRole("treeitem", { name: `Step ${TASKS}`, exact: true })).toBeAttached();
  });
});
