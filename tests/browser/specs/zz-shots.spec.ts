import { mkdirSync, readFileSync } from "node:fs";
import { Api, packageFile } from "../support/api.ts";
import { test } from "../support/test.ts";
test.use({ company: "Shots" });
test.describe.configure({ mode: "serial", timeout: 600_000 });
const ID = "verstak.time-tracking";
const OUT = process.env.SHOTS ?? "/tmp/shots";
const account = (name: string) => ({ email: `${name}@example.org`, password: "correct horse battery" });
test("shots", async ({ page, signIn, api, server }) => {
  mkdirSync(OUT, { recursive: true });
  await api.must("PATCH", "/tenant", { time_zone: "Europe/Kyiv" });
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("time-tracking"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const roles = (...keys: string[]) => items.filter(({ key }) => keys.includes(key)).map(({ id }) => id);
  const person = (name: string, keys: string[], department_id?: string) =>
    api.must<{ id: string }>("POST", "/users", { name, roles: roles(...keys), department_id, locale: "en", ...account(name.toLowerCase()) });
  const petro = await person("Petro", ["time_employee", "time_head", "time_finance", "worker"]);
  const sales = await api.must<{ id: string }>("POST", "/departments", { name: "Sales", head_ids: [petro.id] });
  const olha = await person("Olha", ["time_employee", "worker"], sales.id);
  const nova = await person("Nova", ["time_employee", "time_head", "time_finance"]);
  const maks = await person("Maksym", ["time_employee"], sales.id);
  await person("Iryna", ["time_employee"], sales.id);
  const tasks = [];
  for (const title of ["Call the client about the offer", "Prepare the contract", "Team meeting"]) tasks.push(await api.create("task", { title, assignee: olha.id, estimate: 36000 }));
  await api.must("POST", "/records/time_rate", { fields: { kind: "cost", amount: 500, amount_currency: "UAH", from: "2026-01-01" } });
  if (!process.env.EMPTY) {
    await api.must("POST", `/plugins/${ID}/jobs/demo/run`, {}).catch(async (e) => { console.log(String(e)); });
    for (let i = 0; i < 60; i++) {
      const runs = await api.must<{ items: { state: string; job: string }[] }>("GET", `/plugins/${ID}/jobs/demo/runs`).catch(() => ({ items: [] }));
      if (runs.items[0]?.state === "done") break;
      await new Promise((r) => setTimeout(r, 500));
    }
    const o = await Api.signIn(server, account("olha"));
    await o.must("POST", `/plugins/${ID}/http/day/start`, {});
    await o.must("POST", `/plugins/${ID}/http/timer/start`, { subject: { entity: "task", id: tasks[0]?.id } });
    await o.send("POST", "/records/time_correction", { fields: { starts_at: "2026-11-26T07:00:00Z", ends_at: "2026-11-26T16:05:00Z", breaks: 3600, reason: "Forgot to start" } });
    const m = await Api.signIn(server, account("maksym"));
    await m.must("POST", `/plugins/${ID}/http/timer/start`, { note: "Letters" });
    await api.must("PATCH", `/users/${maks.id}`, { active: false });
  }
  const who = process.env.WHO ?? "petro";
  await signIn(page, account(who));
  const me = await Api.signIn(server, account(who));
  const pages = ["my_time", "team", "approvals", "reports", "money"].map((name) => [name, `/app/${ID}/${name}`] as const);
  const all = [...pages, ["task", `/tasks/${tasks[0]?.id}`] as const, ["home", "/"] as const, ["rules", "/settings"] as const];
  for (const [locale, scheme, width] of [["en", "light", 1360], ["ru", "dark", 1360], ["uk", "light", 390], ["en", "dark", 390], ["ru", "light", 390], ["uk", "dark", 1360]] as const) {
    if (process.env.ONLY && !process.env.ONLY.includes(`${locale}-${scheme}-${width}`)) continue;
    await me.must("PATCH", "/me", { locale });
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 860 });
    for (const [name, path] of all) {
      await page.goto(path);
      await page.waitForLoadState("networkidle").catch(() => undefined);
      if (name === "task") await page.getByRole("main").getByRole("button", { name: /^(Time|Время|Час)$/ }).first().click().catch(() => undefined);
      await page.waitForTimeout(900);
      const high = await page.evaluate(() => Math.max(...[...document.querySelectorAll("main, main *")].map((e) => e.scrollHeight)));
      await page.setViewportSize({ width, height: Math.min(3000, Math.max(860, high + 120)) });
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${OUT}/${who}-${name}-${locale}-${scheme}-${width}.png` });
      await page.setViewportSize({ width, height: 860 });
    }
  }
});
