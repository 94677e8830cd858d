/** A rollout as its lead and its board meet it: an empty page, a plan from a template, refused and accepted stages, a phone. */
import { readFileSync } from "node:fs";
import { Api, type Problem, packageFile } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Rollout" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.rollout";
const LEAVE = "verstak.leave-requests";
const page_of = (page: string) => `/app/${ID}/${page}`;
const account = (name: string) => ({ email: `${name}@example.org`, password: "correct horse battery" });

interface Stage {
  id: string;
  fields: { position: number; title: string; stage: string };
}

interface Made {
  id: string;
  key: string;
}

interface Me {
  plugins: { id: string }[];
}

async function stages(api: Api): Promise<Stage[]> {
  const { items } = await api.must<{ items: Stage[] }>("POST", "/records/rollout_stage/query", {
    sort: [{ field: "position" }],
  });
  return items;
}

test("an empty page says what it is for, and one press makes the whole plan", async ({ page, signIn, api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("rollout"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = (key: string) => roles.filter((one) => one.key === key).map(({ id }) => id);
  const person = (name: string, ...keys: string[]) =>
    api.must("POST", "/users", { name, roles: keys.flatMap(role), locale: "en", ...account(name.toLowerCase()) });
  await person("Lena", "rollout_lead", "admin");
  await person("Boris", "rollout_board");
  await person("Tanya", "rollout_member");
  await signIn(page, account("lena"), page_of("plan"));
  await expect(page.getByText("There is no rollout yet.")).toBeVisible();
  await page.goto(page_of("rollout"));
  await expect(page.getByRole("heading", { name: "Begin a rollout" })).toBeVisible();
  await page.getByLabel("Name of the project").fill("Ours");
  await page.getByRole("button", { name: "Begin a rollout", exact: true }).click();
  await expect(page.getByText("The plan is ready")).toBeVisible();
  await expect(page.getByText("What the stage lacks to be accepted")).toBeVisible();
  await expect(page.getByText("task “1.1 Define the key processes” is not done")).toBeVisible();
  expect(await stages(api)).toHaveLength(7);
});

test("the plan stands in time, as a map and as who does what", async ({ page, signIn }) => {
  await signIn(page, account("lena"), page_of("plan"));
  await expect(page.getByText("1.1 Define the key processes").first()).toBeVisible();
  await page.getByRole("tab", { name: "Mind map" }).click();
  await expect(page.getByText("Analysis of current business processes").first()).toBeVisible();
  await page.getByRole("tab", { name: "Who does what" }).click();
  await expect(page.getByText("R does, A answers, C advises, I is told")).toBeVisible();
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Send the plan to the board" }).click();
  await expect(page.getByText("Version 1")).toBeVisible();
});

test("a closed stage keeps its tasks at every door until the board passes it over with a reason", async ({ api, server }) => {
  const boris = await Api.signIn(server, account("boris"));
  const { items } = await api.must<{ items: { id: string }[] }>("POST", "/records/task/query", {
    filter: { field: "rollout_code", op: "eq", value: "2.1" },
  });
  const [task] = items;
  const refused = await api.send<Problem>("PATCH", `/records/task/${task?.id}`, { fields: { state: "completed" } });
  expect([refused.status, refused.body.code]).toEqual([409, "rollout.stage_locked"]);
  expect(refused.body.detail).toContain("not accepted yet");
  const completed = await api.send<Problem>("POST", `/tasks/${task?.id}/complete`, {});
  expect([completed.status, completed.body.code]).toEqual([409, "rollout.stage_locked"]);
  const bulk = await api.send<object>("POST", "/records/task/bulk", { update: [{ id: task?.id, fields: { state: "completed" } }] });
  expect(JSON.stringify(bulk.body), "in a bulk too").toContain("rollout.stage_locked");
  const [first] = await stages(api);
  const path = (what: string) => `/plugins/${ID}/http/stages/${first?.id}/${what}`;
  const accept = await boris.send<Problem>("POST", path("accept"), {});
  expect([accept.status, accept.body.code]).toEqual([409, "rollout.not_acceptable"]);
  const own = await api.send<Problem>("POST", path("accept"), {});
  expect([own.status, own.body.code]).toEqual([403, "rollout.not_yours"]);
  const short = await boris.send<Problem>("POST", path("override"), { reason: "hurry" });
  expect([short.status, short.body.code]).toEqual([409, "rollout.reason_short"]);
  const over = await boris.send("POST", path("override"), { reason: "Decided by the owner of the company" });
  expect(over.status).toBe(200);
  await api.must("POST", `/tasks/${task?.id}/complete`, {});
  const plan = await api.send<string>("GET", `/plugins/${ID}/http/plan.ics?project=${(first as unknown as { fields: { project: string } }).fields.project}`);
  expect(plan.body).toContain("BEGIN:VEVENT");
});

test("who takes part sees the page and no money; on a phone nothing is cut off", async ({ page, signIn }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, account("tanya"));
  for (const name of ["rollout", "plan", "registers", "results", "launch", "my"]) {
    await page.goto(page_of(name));
    await expect(page.getByRole("main")).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider, name).toBeLessThanOrEqual(0);
  }
  await page.goto(`${page_of("results")}?tab=money`);
  await expect(page.getByText("Payback")).toHaveCount(0);
});

test("the pilot's department has a module from its day on, the others have it nowhere; a mover follows at once", async ({
  page,
  signIn,
  api,
  server,
}) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("leave-requests"))));
  await api.must("POST", `/plugins/${LEAVE}/enable`, { grants: "requested" });
  const { items: roles } = await api.must<{ items: Made[] }>("GET", "/roles");
  const employee = roles.filter(({ key }) => key === "leave_employee").map(({ id }) => id);
  const department = (name: string) => api.must<Made>("POST", "/departments", { name });
  const [sales, marketing] = [await department("Sales"), await department("Marketing")];
  const person = (name: string, at: Made) =>
    api.must<Made>("POST", "/users", { name, roles: employee, department_id: at.id, locale: "en", ...account(name.toLowerCase()) });
  await person("Sal", sales);
  const mark = await person("Mark", marketing);
  const [sal, mar] = [await Api.signIn(server, account("sal")), await Api.signIn(server, account("mark"))];
  const has = async (one: Api) => (await one.must<Me>("GET", "/me")).plugins.some(({ id }) => id === LEAVE);
  const asks = async (one: Api) => (await one.send("POST", "/records/leave_request/query", {})).status;
  expect([await has(sal), await has(mar)]).toEqual([true, true]);

  const lena = await Api.signIn(server, account("lena"));
  const { items } = await api.must<{ items: Made[] }>("POST", "/records/rollout_project/query", {});
  const planned = { project: items[0]?.id, module: LEAVE, department: sales.id };
  const gate = await lena.create("rollout_gate", { ...planned, from: "2999-01-01" });
  await expect.poll(() => has(sal), "before its day nobody has it").toBe(false);
  await api.must("PATCH", `/records/rollout_gate/${gate.id}`, { fields: { from: "2026-01-01" } });
  await expect.poll(() => has(sal), "its day has come").toBe(true);
  expect([await has(mar), await asks(sal), await asks(mar)]).toEqual([false, 200, 404]);
  const twice = await lena.send<Problem>("POST", "/records/rollout_gate", { fields: { ...planned, from: "2026-02-01" } });
  expect(twice.status).toBeGreaterThanOrEqual(400);
  expect(JSON.stringify(twice.body)).toContain("The department has this module in these days already.");
  await sal.must("POST", "/records/leave_request", {
    fields: { kind: "yearly", starts: "2026-12-01", ends: "2026-12-03" },
  });

  await signIn(page, account("mark"));
  const line = page.getByRole("navigation").getByRole("link", { name: /leave/i }).first();
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await expect(line).toHaveCount(0);
  await api.must("PATCH", `/users/${mark.id}`, { department_id: sales.id });
  expect([await has(mar), await asks(mar)]).toEqual([true, 200]);
  await page.reload();
  await expect(line).toBeVisible();

  await api.must("PATCH", `/records/rollout_gate/${gate.id}`, { fields: { stage: "off" } });
  await expect.poll(() => asks(sal), "off hides").toBe(404);
  await api.must("PATCH", `/records/rollout_gate/${gate.id}`, { fields: { stage: "on" } });
  await expect.poll(() => asks(sal), "on again").toBe(200);
  const kept = await sal.must<{ items: Made[] }>("POST", "/records/leave_request/query", {});
  expect(kept.items).toHaveLength(1);
});

test("bills of one moment do not pass the limit together", async ({ api }) => {
  const { items: projects } = await api.must<{ items: { id: string }[] }>("POST", "/records/rollout_project/query", {});
  const project = projects[0]?.id ?? "";
  await api.must("PATCH", `/records/rollout_project/${project}`, { fields: { limit: 100 } });
  const bill = (_: unknown, n: number) => api.must("POST", "/records/rollout_bill", { fields: { title: `Bill ${n}`, project, total: 60 } });
  await Promise.all(Array.from({ length: 6 }, bill));
  const filter = { field: "stage", op: "eq", value: "counted" };
  const counted = async () => (await api.must<{ items: unknown[] }>("POST", "/records/rollout_bill/query", { filter })).items.length;
  await expect.poll(counted, { message: "the others wait for the board" }).toBe(1);
});

test("a guest answers a poll by a link of their own, once, on a phone", async ({ page, secondPage, signIn, api }) => {
  const { items: projects } = await api.must<{ items: { id: string }[] }>("POST", "/records/rollout_project/query", {});
  const poll = { project: projects[0]?.id, title: "How do you like us?", about: "satisfaction", anonymous: false };
  const { id } = await api.must<{ id: string }>("POST", "/records/rollout_poll", { fields: poll });
  await api.must("POST", "/records/rollout_guest", { fields: { poll: id, title: "Ivan" } });
  await api.must("PUT", `/plugins/${ID}/public-pages/survey`, { open: true });
  const { items } = await api.must<{ items: { fields: { code: string } }[] }>("POST", "/records/rollout_guest/query", {});
  const address = `/p/rollout/${ID}/survey`;
  await secondPage.setViewportSize({ width: 390, height: 844 });
  await secondPage.goto(`${address}?code=none`);
  await expect(secondPage.getByText("This link opens no poll.")).toBeVisible();
  await secondPage.goto(`${address}?code=${items[0]?.fields.code}`);
  await expect(secondPage.getByText("How do you like us?")).toBeVisible();
  const form = secondPage.getByRole("form", { name: "Your answer" });
  await form.getByLabel("Mark").click();
  await secondPage.getByRole("option", { name: "4, good" }).click();
  await form.getByLabel("In words").fill("It works");
  await form.getByRole("button", { name: "Send" }).click();
  await expect(secondPage.getByText("Thank you: your answer is kept.").first()).toBeVisible();
  await secondPage.reload();
  await expect(secondPage.getByText("Thank you: your answer is kept.")).toBeVisible();
  await expect(form).toHaveCount(0);
  await signIn(page, account("lena"), `${page_of("launch")}?tab=notices`);
  await expect(page.getByRole("gridcell", { name: "It works" })).toBeVisible();
});

test("switched off in the middle, the plan's tasks stay and so does what the pilot has", async ({ api }) => {
  const count = async () => {
    const { items } = await api.must<{ items: unknown[] }>("POST", "/records/task/query", {
      filter: { field: "title", op: "starts_with", value: "1.1" },
    });
    return items.length;
  };
  expect(await count()).toBe(1);
  await api.must("POST", `/plugins/${ID}/disable`, {});
  expect(await count()).toBe(1);
  const { gate } = await api.must<{ gate: { name: string }[] | null }>("GET", `/plugins/${LEAVE}`);
  expect(gate?.map(({ name }) => name), "what the pilot has it keeps").toEqual(["Sales"]);
  const gone = await api.send("POST", "/records/rollout_stage/query", {});
  expect(gone.status).toBe(404);
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  expect(await stages(api)).toHaveLength(7);
});
