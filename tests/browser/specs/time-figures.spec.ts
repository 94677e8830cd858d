/**
 * Figures of the module "Time tracking" that need a whole server: doors of a closed month, mass edits and imports, twenty
 * starts at once, a task with subtasks, files of reports, measures, a new version while a timer runs.
 */
import { readFileSync } from "node:fs";
import { Api, packageFile, type Problem, type Row } from "../support/api.ts";
import { asVersion } from "../support/package.ts";
import type { Server } from "../support/server.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Figures" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.time-tracking";
const account = (name: string) => ({ email: `${name}@example.org`, password: "correct horse battery" });
const entry = (start: string, end: string, more = {}) => ({ starts_at: start, ends_at: end, ...more });
const olha = (server: Server) => Api.signIn(server, account("olha"));

interface Bulk {
  batch: string;
  results: { status: string; code?: string }[];
}

interface Imported {
  id: string;
  state: string;
  accepted: number;
  refused: number;
  batch?: string;
  errors: { row: number; code?: string }[];
}

async function times(api: Api, filter: object): Promise<Row[]> {
  return (await api.must<{ items: Row[] }>("POST", "/records/time_entry/query", { filter, limit: 200 })).items;
}

/** Imports a CSV of starts and ends; ends when every row was dealt with. */
async function imported(api: Api, csv: string): Promise<Imported> {
  const form = new FormData();
  form.set("entity", "time_entry");
  form.set("file", new Blob([csv], { type: "text/csv" }), "time.csv");
  const made = await api.must<Imported>("POST", "/imports", form);
  const mapping = ["starts_at", "ends_at", "note"].map((field, column) => ({ column, field }));
  await api.must("POST", `/imports/${made.id}/start`, { mapping, options: { duplicates: "create" } });
  await expect.poll(async () => (await api.must<Imported>("GET", `/imports/${made.id}`)).state).toBe("done");
  return api.must("GET", `/imports/${made.id}`);
}

test("the module is on in Kyiv, with an employee, a head and an accountant", async ({ api }) => {
  await api.must("PATCH", "/tenant", { time_zone: "Europe/Kyiv" });
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("time-tracking"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const roles = (...keys: string[]) => items.filter(({ key }) => keys.includes(key)).map(({ id }) => id);
  const person = (name: string, keys: string[], department_id?: string) =>
    api.must<{ id: string }>("POST", "/users", { name, roles: roles(...keys), department_id, locale: "en", ...account(name.toLowerCase()) });
  const petro = await person("Petro", ["time_employee", "time_head", "observer"]);
  const sales = await api.must<{ id: string }>("POST", "/departments", { name: "Sales", head_ids: [petro.id] });
  await person("Olha", ["time_employee", "observer"], sales.id);
  await person("Inna", ["time_finance"]);
});

test("rule 5, acceptance 4: of three entries at once, one overlapping, two are saved", async ({ server }) => {
  const api = await olha(server);
  const first = await api.send("POST", "/records/time_entry", { fields: entry("2026-02-03T10:00:00+02:00", "2026-02-03T11:00:00+02:00", { note: "Letters" }) });
  expect(first.status).toBe(201);
  const second = await api.send<Problem>("POST", "/records/time_entry", { fields: entry("2026-02-03T10:59:00+02:00", "2026-02-03T11:30:00+02:00") });
  expect([second.status, second.body.code]).toEqual([409, "time.overlap"]);
  expect(second.body.detail, "names the row in the way").toContain("Letters");
  const third = await api.send("POST", "/records/time_entry", { fields: entry("2026-02-03T11:00:00+02:00", "2026-02-03T11:30:00+02:00") });
  expect(third.status, "touching is no overlap").toBe(201);
  const create = [
    entry("2026-02-03T08:00:00+02:00", "2026-02-03T09:00:00+02:00"),
    entry("2026-02-03T10:30:00+02:00", "2026-02-03T10:45:00+02:00"),
    entry("2026-02-03T12:00:00+02:00", "2026-02-03T13:00:00+02:00"),
  ].map((fields) => ({ fields }));
  const bulk = await api.must<Bulk>("POST", "/records/time_entry/bulk", { create });
  expect(bulk.results.map(({ status, code }) => code ?? status)).toEqual(["created", "time.overlap", "created"]);
});

test("rule 5, acceptance 5: twenty starts at once leave one timer and no overlap", async ({ server }) => {
  const api = await olha(server);
  const start = (_: unknown, number: number) => api.send("POST", `/plugins/${ID}/http/timer/start`, { note: `Race ${number}` });
  const answers = await Promise.all(Array.from({ length: 20 }, start));
  const failed = answers.filter(({ status }) => ![200, 409].includes(status)).map(({ body }) => JSON.stringify(body));
  expect(failed, "whoever is overtaken hears so, and the module goes on").toEqual([]);
  const own = await times(api, { field: "note", op: "contains", value: "Race" });
  expect(own.filter(({ fields }) => fields.running)).toHaveLength(1);
  const spans = own.map(({ fields }) => [Date.parse(String(fields.starts_at)), fields.ends_at ? Date.parse(String(fields.ends_at)) : Infinity]);
  spans.sort(([one = 0], [other = 0]) => one - other);
  spans.slice(1).forEach(([from = 0], at) => expect(from).toBeGreaterThanOrEqual(spans[at]?.[1] ?? 0));
  await api.must("POST", `/plugins/${ID}/http/timer/stop`, {});
});

test("rule 9, acceptance 13: a closed March is shut at every door, April is open", async ({ server }) => {
  const api = await olha(server);
  const inna = await Api.signIn(server, account("inna"));
  const month = await inna.create("time_period", { month: "2026-03-01", state: "closed" });
  const march = entry("2026-03-31T23:30:00+03:00", "2026-04-01T00:00:00+03:00");
  const april = entry("2026-04-01T00:00:00+03:00", "2026-04-01T01:00:00+03:00");
  const one = await api.send<Problem>("POST", "/records/time_entry", { fields: march });
  expect([one.status, one.body.code]).toEqual([409, "time.period_closed"]);
  expect((await api.send("POST", "/records/time_entry", { fields: april })).status).toBe(201);
  const later = entry("2026-04-01T02:00:00+03:00", "2026-04-01T03:00:00+03:00");
  const bulk = await api.must<Bulk>("POST", "/records/time_entry/bulk", { create: [{ fields: march }, { fields: later }] });
  expect(bulk.results.map(({ status, code }) => code ?? status)).toEqual(["time.period_closed", "created"]);
  const file = `Start;End;Note\n${march.starts_at};${march.ends_at};March\n2026-04-01T04:00:00+03:00;2026-04-01T05:00:00+03:00;April\n`;
  const done = await imported(api, file);
  expect([done.accepted, done.refused]).toEqual([1, 1]);
  expect(done.errors[0]?.code, "beside the field").toBe("period.closed");
  expect(await times(api, { field: "note", op: "eq", value: "April" }), "the other row came in").toHaveLength(1);
  const undone = await api.must<object>("POST", `/batches/${done.batch}/undo`, {});
  expect(await times(api, { field: "note", op: "eq", value: "April" }), `an import is undone: ${JSON.stringify(undone)}`).toHaveLength(0);
  const open = await inna.send<Problem>("PATCH", `/records/time_period/${month.id}`, { version: month.version, fields: { state: "open" } });
  expect([open.status, open.body.code]).toEqual([422, "time.reason_missing"]);
});

test("rule 12, acceptance 15: a parent's own hour, eight with subtasks, C1 at 125 %", async ({ page, signIn, server, api }) => {
  const employee = await olha(server);
  const me = await employee.must<{ user: { id: string } }>("GET", "/me");
  const task = (title: string, more: Record<string, unknown>) => api.create("task", { title, assignee: me.user.id, ...more });
  const parent = await task("Parent", { estimate: 36_000 });
  const c1 = await task("C1", { estimate: 14_400, parent: parent.id });
  const c2 = await task("C2", { parent: parent.id });
  const book = (of: Row, from: string, to: string) => employee.create("time_entry", entry(`2026-02-04T${from}:00+02:00`, `2026-02-04T${to}:00+02:00`, { task: of.id }));
  await book(parent, "08:00", "09:00");
  await book(c1, "09:00", "14:00");
  await book(c2, "14:00", "16:00");
  await expect.poll(async () => (await api.get("task", c1.id)).fields.time_spent).toBe(18_000);
  await signIn(page, account("olha"), `/tasks/${parent.id}`);
  await page.getByRole("main").getByRole("button", { name: "Time", exact: true }).click();
  const main = page.getByRole("main");
  await expect(main.getByText("With subtasks")).toBeVisible();
  await expect(main.getByText("8:00", { exact: true })).toBeVisible();
  await expect(main.getByText("1:00", { exact: true }).first()).toBeVisible();
  await page.goto(`/app/${ID}/reports?from=2026-02-01&to=2026-02-28`);
  await main.getByRole("tab", { name: "Plan and fact" }).click();
  await expect(main.getByRole("row", { name: /C1/ })).toContainText("125");
});

test("the period's time as a file, of one's own alone; nothing a spreadsheet would run", async ({ server }) => {
  const api = await olha(server);
  await api.create("time_entry", entry("2026-02-05T10:00:00+02:00", "2026-02-05T10:07:00+02:00", { note: "=1+1" }));
  const of = "from=2026-02-01&to=2026-02-28";
  const report = await api.must<string>("GET", `/plugins/${ID}/http/export/report.csv?by=person&${of}`);
  expect(report.split("\r\n").slice(1, 2)).toEqual(["Olha,11:37:00,11:37:00"]);
  const rows = await api.must<string>("GET", `/plugins/${ID}/http/export/entries.csv?${of}`);
  expect(rows).toContain("'=1+1");
  expect(rows, "no money for employees").not.toContain("Cost");
  const sheet = await api.must<string>("GET", `/plugins/${ID}/http/export/entries.xlsx?${of}`);
  expect(sheet.slice(0, 2)).toBe("PK");
  const paper = await api.must<string>("GET", `/plugins/${ID}/http/export/report.pdf?by=person&${of}`);
  expect(paper.slice(0, 5)).toBe("%PDF-");
  const petro = await Api.signIn(server, account("petro"));
  expect(await petro.must<string>("GET", `/plugins/${ID}/http/export/report.csv?by=person&${of}`)).toContain("Olha");
  const inna = await Api.signIn(server, account("inna"));
  expect(await inna.must<string>("GET", `/plugins/${ID}/http/export/entries.csv?${of}`)).toContain("Cost");
});

test("its measures are among those of reports", async ({ api }) => {
  const query = { measures: ["time_booked", "time_billable", "time_worked", "time_late_days"], period: { from: "2026-02-01", to: "2026-03-01" } };
  const { totals } = await api.must<{ totals: { values: Record<string, unknown> } }>("POST", "/reports/query", query);
  expect(JSON.stringify(totals)).toContain("time_booked");
});

test("a new version goes on with the timer that runs", async ({ server, api }) => {
  const employee = await olha(server);
  await employee.must("POST", `/plugins/${ID}/http/timer/start`, { note: "Upgrade" });
  await api.must("POST", "/plugins", asVersion(packageFile("time-tracking"), "1.0.1"));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested", version: "1.0.1" });
  const state = await employee.must<{ timer: { title: string } }>("GET", `/plugins/${ID}/http/state`);
  expect(state.timer.title).toBe("Upgrade");
  expect(await times(employee, { field: "running", op: "eq", value: true })).toHaveLength(1);
});
