/**
 * A whole rollout of the standard plan while half a year goes by: from the template to the closing report, with a gate that is refused, a
 * stage that is late, a pilot that its people alone see, what was before against what is after.
 */
import type { Locator, Page } from "@playwright/test";
import { Api, type Problem } from "../support/api.ts";
import {
  account,
  as,
  type Calendar,
  company,
  confirmAll,
  dayOf,
  goBy,
  idOf,
  PILOTED,
  pageOf,
  ROLLOUT,
  rows,
  stage,
  untilMonday,
  work,
  workingDays,
} from "../support/rollout.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Whole", clock: true });
test.describe.configure({ mode: "serial" });

const calendar: Calendar = { moved: 0 };
let departments = new Map<string, string>();

/** The line of a table that a text stands in. */
const line = (page: Page, text: string): Locator => page.getByRole("row").filter({ hasText: text }).first();

/** Presses what a line of a table offers, in the line or in its menu. */
async function press(page: Page, row: Locator, label: string): Promise<void> {
  await expect(row).toBeVisible();
  const button = row.getByRole("button", { name: label, exact: true });
  if ((await button.count()) > 0) return button.first().click();
  await row.getByRole("button").last().click();
  await page.getByRole("menuitem", { name: label, exact: true }).click();
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("main")).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

/** A stage is accepted by Boris on the page, as it is done by people. */
async function accept(page: Page, title: string): Promise<void> {
  await open(page, pageOf("rollout"));
  await press(page, line(page, title), "Accept");
  await expect(page.getByText("Accepted", { exact: true }).first()).toBeVisible();
}

const standing = async (api: Api, position: number) => (await stage(api, position)).fields.stage;

async function project(api: Api): Promise<string> {
  return (await rows(api, "rollout_project"))[0]?.id ?? "";
}

test("the lead chooses a template: the plan is there, and says what it lacks", async ({ page, signIn, api, server }) => {
  await untilMonday(server, calendar);
  departments = await company(await Api.signIn(server));
  // The first day that the form proposes is the browser's today.
  await page.clock.setSystemTime(Date.now() + calendar.moved * 1_000);
  await signIn(page, account("lena"));
  await open(page, pageOf("rollout"));
  await page.getByLabel("Name of the project").fill("Ours");
  await page.getByRole("button", { name: "Begin a rollout", exact: true }).click();
  await expect(page.getByText("The plan is ready")).toBeVisible();
  await expect(page.getByText("task “1.1 Define the key processes” is not done")).toBeVisible();
  const lena = await as(server, "lena");
  expect(await rows(lena, "rollout_item")).toHaveLength(55);
  const [made] = await rows(lena, "rollout_project");
  expect([made?.fields.stage, made?.fields.system_name]).toEqual(["running", "Verstak"]);
  await open(page, pageOf("plan"));
  await expect(page.getByText("7.3 Optimise the settings").first()).toBeAttached();
  expect(await api.send("POST", "/test/clock", { advance_seconds: -1 })).toMatchObject({ status: 400 });
});

test("stage 1: refused while the ninth item is open, accepted with it, never by who is responsible", async ({ page, signIn, server }) => {
  const [lena, boris] = [await as(server, "lena"), await as(server, "boris")];
  const id = await project(lena);
  const person = async (name: string) => idOf(await Api.signIn(server), name);
  const [me, board] = [await person("Lena"), await person("Boris")];
  await work(lena, 1, 1);
  for (const area of ["sales", "marketing", "logistics", "after_sales"]) await lena.create("rollout_process", { project: id, title: area, area });
  const interview = await lena.create("rollout_interview", { project: id, person: board, held: dayOf(calendar), text: "Sales" });
  await lena.must("PATCH", `/records/rollout_project/${id}`, {
    fields: { owner_data: me, owner_decision: board, owner_technology: me, owner_budget: board },
  });
  const requirement = await lena.create("rollout_requirement", { project: id, title: "Answer in an hour", source: "Sales" });
  await signIn(page, account("boris"));
  await open(page, `${pageOf("registers")}?tab=interviews`);
  await press(page, line(page, "Boris"), "Confirm");
  await expect(page.getByText("Confirmed", { exact: true }).first()).toBeVisible();
  expect((await boris.get("rollout_interview", interview.id)).fields.confirmed_by).toBe(board);
  await boris.must("PATCH", `/records/rollout_requirement/${requirement.id}`, { fields: { stage: "approved" } });
  await open(page, pageOf("rollout"));
  await press(page, line(page, "Analysis of current business processes"), "Accept");
  await expect(page.getByText("not ticked: “Write the technical specification for setting up the CRM.”").last()).toBeVisible();
  await expect.poll(() => standing(lena, 1)).toBe("open");
  await work(lena, 1);
  await accept(page, "Analysis of current business processes");
  await expect.poll(async () => [await standing(lena, 1), await standing(lena, 2)]).toEqual(["accepted", "open"]);
});

test("stage 2: goals, what was before, an agreed version", async ({ page, signIn, server }) => {
  const lena = await as(server, "lena");
  const id = await project(lena);
  const goal = (title: string, metric: string, target: number) => lena.create("rollout_goal", { project: id, title, metric, target });
  await goal("Answer faster", "lead-first_answer", 60);
  await goal("More clients", "client-gained", 20);
  const before = { project: id, moment: "before", first: dayOf(calendar, -28), last: dayOf(calendar, -3), source: "leads.xlsx" };
  await lena.create("rollout_measure", { ...before, metric: "lead-first_answer", value: 240, n: 40 });
  await lena.create("rollout_measure", { ...before, metric: "client-gained", value: 10, n: 31 });
  await work(lena, 2);
  await signIn(page, account("lena"));
  await open(page, pageOf("plan"));
  await page.getByRole("button", { name: "Send the plan to the board" }).click();
  await expect(page.getByText("Sent to the board")).toBeVisible();
  await signIn(page, account("boris"));
  await open(page, `${pageOf("plan")}?tab=versions`);
  await press(page, line(page, "Version 1"), "Agree");
  await expect(page.getByText("Agreed: lateness is counted from it")).toBeVisible();
  await open(page, pageOf("results"));
  for (const title of ["Answer faster", "More clients"]) {
    await press(page, line(page, title), "Approve");
    await expect(page.getByText("Approved", { exact: true }).first()).toBeVisible();
    await open(page, pageOf("results"));
  }
  await accept(page, "Project plan");
  await expect.poll(() => standing(lena, 3)).toBe("open");
});

test("stage 3 is late: everybody sees by how much, the lead is told, the board passes it over", async ({ page, signIn, server }) => {
  await workingDays(server, calendar, 50);
  await signIn(page, account("lena"));
  await open(page, pageOf("rollout"));
  const lena = await as(server, "lena");
  const [first] = await rows(lena, "task", { field: "rollout_code", op: "eq", value: "3.1" });
  // Agreed to end after 35 working days; on the day after 50 it is 16 behind.
  expect(first?.fields.rollout_late).toBe(16);
  await expect(page.getByText("Late, working days").first()).toBeVisible();
  const { items } = await lena.must<{ items: object[] }>("GET", "/notifications?limit=100");
  expect(JSON.stringify(items)).toContain("Late by the agreed plan: 3.1");
  const task = await lena.send<Problem>("POST", `/tasks/${(await rows(lena, "task", { field: "rollout_code", op: "eq", value: "4.1" }))[0]?.id}/complete`, {});
  expect([task.status, task.body.code]).toEqual([409, "rollout.stage_locked"]);
  await signIn(page, account("boris"));
  await open(page, pageOf("rollout"));
  await press(page, line(page, "Setting up Verstak"), "Pass over");
  await page.getByRole("dialog").getByRole("textbox").fill("Set up by the supplier, seen on site");
  await page.getByRole("dialog").getByRole("button", { name: "Pass over" }).click();
  await expect(page.getByText("Passed over: it stands in the report")).toBeVisible();
  await expect.poll(() => standing(lena, 4)).toBe("open");
});

test("stages 4 and 5: tests, load figures, attendance", async ({ page, signIn, server }) => {
  const lena = await as(server, "lena");
  const id = await project(lena);
  const [requirement] = await rows(lena, "rollout_requirement");
  const test_case = (fields: object) => lena.create("rollout_case", { project: id, result: "passed", ...fields });
  await test_case({ title: "A lead is answered", run: "functional", requirement: requirement?.id });
  await test_case({ title: "200 people", run: "load", figures: "p95 300 ms" });
  await test_case({ title: "Everything together", run: "control" });
  await work(lena, 4);
  await signIn(page, account("boris"));
  await accept(page, "System testing");
  const training = await lena.create("rollout_training", { project: id, title: "Leads and deals", date: dayOf(calendar) });
  for (const name of ["Sal", "Mark", "Tanya"]) {
    const person = await idOf(await Api.signIn(server), name);
    await lena.create("rollout_attendance", { project: id, training: training.id, person, state: "attended" });
  }
  await work(lena, 5);
  await accept(page, "Staff training");
  await expect.poll(() => standing(lena, 6)).toBe("open");
});

interface Me {
  plugins: { id: string }[];
}

const has = async (api: Api) => (await api.must<Me>("GET", "/me")).plugins.some(({ id }) => id === PILOTED);

test("the pilot: the lead switches a module on for Sales, who alone have it", async ({ page, signIn, server }) => {
  await signIn(page, account("lena"));
  await open(page, `${pageOf("launch")}?tab=modules`);
  await press(page, line(page, "Leave requests"), "Switch on…");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Department").click();
  await page.getByRole("option", { name: "Sales" }).click();
  await dialog.getByLabel("From").fill(dayOf(calendar));
  // Its calendar closes with a press beside it.
  await dialog.getByRole("heading", { name: "Switch on…" }).click();
  await dialog.getByRole("button", { name: "Switch on…" }).click();
  await expect(page.getByText("Planned", { exact: true }).first()).toBeVisible();
  const [sal, mark, lena] = [await as(server, "sal"), await as(server, "mark"), await as(server, "lena")];
  await expect.poll(() => has(sal)).toBe(true);
  expect(await has(mark)).toBe(false);
  expect((await mark.send("POST", "/records/leave_request/query", {})).status).toBe(404);
  const [made] = await rows(lena, "rollout_project");
  expect([made?.fields.pilot, made?.fields.pilot_from]).toEqual([departments.get("Sales"), dayOf(calendar)]);
  await signIn(page, account("sal"));
  await expect(page.getByRole("navigation").getByRole("link", { name: /leave/i }).first()).toBeVisible();
  await signIn(page, account("mark"));
  await expect(page.getByRole("navigation").first()).toBeVisible();
  await expect(page.getByRole("navigation").getByRole("link", { name: /leave/i })).toHaveCount(0);
});

test("the whole company is refused until the pilot has passed; then hypercare begins", async ({ page, signIn, server }) => {
  const company_wide = async (sign: "refused" | "on") => {
    await signIn(page, account("boris"));
    await open(page, `${pageOf("launch")}?tab=modules`);
    await press(page, line(page, "Leave requests"), "Switch on…");
    await page.getByRole("dialog").getByLabel("From").fill(dayOf(calendar));
    await page.getByRole("dialog").getByRole("heading", { name: "Switch on…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Switch on…" }).click();
    const text = sign === "on" ? "Planned" : "the pilot has run 0 of 10 working days";
    await expect(page.getByText(text).first()).toBeVisible();
  };
  await company_wide("refused");
  expect(await has(await as(server, "mark"))).toBe(false);
  await workingDays(server, calendar, 10);
  const lena = await as(server, "lena");
  const id = await project(lena);
  const week = { project: id, title: "pilot", week: dayOf(calendar, -7), department: departments.get("Sales") };
  await lena.create("rollout_signal", { ...week, people: 6, active: 5, adoption: 72, light: "green" });
  await company_wide("on");
  await expect.poll(async () => has(await as(server, "mark"))).toBe(true);
  const [made] = await rows(lena, "rollout_project");
  expect([made?.fields.stage, made?.fields.launched]).toEqual(["hypercare", dayOf(calendar)]);
  const notice = await lena.create("rollout_notice", { project: id, title: "We work in Verstak", text: "Instructions are in the files" });
  await lena.must("PATCH", `/records/rollout_notice/${notice.id}`, { fields: { stage: "sent" } });
  await expect.poll(async () => (await lena.get("rollout_notice", notice.id)).fields.told).toBe(6);
  await confirmAll(server, ["lena", "boris", "tanya", "sal", "mark"]);
  await work(lena, 6);
  await open(page, pageOf("rollout"));
  await expect(page.getByText("0 of 10 working days without a defect of severity 1")).toBeVisible();
  await workingDays(server, calendar, 11);
  await signIn(page, account("boris"));
  await open(page, `${pageOf("launch")}?tab=hypercare`);
  await expect(page.getByText("Working days without severity 1")).toBeVisible();
  await accept(page, "Launch");
});

test("stage 7: what was before against what is after; the report; closed, and checked every month", async ({ page, signIn, server }) => {
  await workingDays(server, calendar, 35);
  const lena = await as(server, "lena");
  const id = await project(lena);
  const refused = await lena.send<Problem>("POST", `/plugins/${ROLLOUT}/http/projects/${id}/close`, {});
  expect([refused.status, refused.body.code]).toEqual([409, "rollout.not_closable"]);
  const [made] = await rows(lena, "rollout_project");
  const [before] = await rows(lena, "rollout_measure", { field: "metric", op: "eq", value: "lead-first_answer" });
  const launched = Date.parse(String(made?.fields.launched));
  const later = (days: number) => new Date(launched + days * 86_400_000).toISOString().slice(0, 10);
  // The launch was a working day: 28 days on are 20 working days.
  const after = { project: id, moment: "after", source: "leads.xlsx", first: later(28), last: later(28 + 25) };
  const measure = await lena.create("rollout_measure", { ...after, metric: "lead-first_answer", value: 105, n: 38 });
  await lena.create("rollout_measure", { ...after, metric: "client-gained", value: 18, n: 33 });
  expect((await lena.get("rollout_measure", measure.id)).fields.working_days).toBe(before?.fields.working_days);
  const person = await idOf(await Api.signIn(server), "Tanya");
  const kpi = await lena.create("rollout_kpi", { project: id, title: "Calls a day", person, plan: 40, fact: 38 });
  await lena.must("PATCH", `/records/rollout_kpi/${kpi.id}`, { fields: { agreed_by: person } });
  await work(lena, 7);
  await signIn(page, account("lena"));
  await open(page, pageOf("results"));
  await expect(line(page, "Answer faster")).toContainText("-56.3 %");
  await expect(line(page, "Answer faster")).toContainText("75");
  await open(page, pageOf("rollout"));
  await page.getByRole("button", { name: "Report to the board" }).click();
  await expect(page.getByText("the board is told")).toBeVisible();
  await signIn(page, account("boris"));
  await accept(page, "Evaluation and optimisation");
  await signIn(page, account("lena"));
  await open(page, pageOf("rollout"));
  await page.getByRole("button", { name: "Close the project" }).click();
  await expect(page.getByText("Closed: the report stands among the files of the project")).toBeVisible();
  await expect(page.getByText("Closing report - Ours.docx").first()).toBeVisible();
  const files = await lena.must<{ items: { id: string; name: string }[] }>("GET", `/records/rollout_project/${id}/files`);
  const report = files.items.find(({ name }) => name === "Closing report - Ours.docx");
  const bytes = await page.request.get(`/api/v1/files/${report?.id}/content`);
  const text = (await bytes.body()).toString("utf8");
  expect(text).toContain("Set up by the supplier, seen on site");
  expect(text).toContain("before 240 (n 40), after 105 (n 38), change -56.3 %, degree 75 %");
  const paper = files.items.find(({ name }) => name === "Closing report - Ours.pdf");
  const printed = await page.request.get(`/api/v1/files/${paper?.id}/content`);
  expect((await printed.body()).subarray(0, 5).toString()).toBe("%PDF-");
  await goBy(server, calendar, 32 * 86_400);
  const checks = await rows(await Api.signIn(server), "task", { field: "title", op: "starts_with", value: "Monthly check" });
  expect(checks).toHaveLength(1);
});
