/**
 * A working week with the module "Time tracking": the day, two timers, an overlap that is refused, a correction that the
 * head approves, the timesheet, a closed month; by an employee and a head, on a phone too; switched off in the middle.
 */
import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { Api, packageFile, type Problem } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Timed" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.time-tracking";
const page_of = (name: string) => `/app/${ID}/${name}`;
const account = (name: string) => ({ email: `${name}@example.org`, password: "correct horse battery" });
const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

interface Refused extends Problem {
  status: number;
}

async function nothingWider(page: Page) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
}

test("one click switches the module on; people get its roles", async ({ api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("time-tracking"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = (...keys: string[]) => roles.filter((one) => keys.includes(one.key)).map(({ id }) => id);
  const person = (name: string, roles: string[], department_id?: string) =>
    api.must<{ id: string }>("POST", "/users", { name, roles, department_id, locale: "en", ...account(name.toLowerCase()) });
  const petro = await person("Petro", role("time_employee", "time_head", "observer"));
  const sales = await api.must<{ id: string }>("POST", "/departments", { name: "Sales", head_ids: [petro.id] });
  await person("Olha", role("time_employee", "observer"), sales.id);
  await person("Inna", role("time_finance"));
});

test("an employee who never saw it starts, rests, works again, runs two timers", async ({ page, signIn, api, server }) => {
  const olha = await Api.signIn(server, account("olha"));
  const me = await olha.must<{ user: { id: string } }>("GET", "/me");
  const task = await api.create("task", { title: "Call the client", assignee: me.user.id });
  await signIn(page, account("olha"), page_of("my_time"));
  const main = page.getByRole("main");
  await main.getByRole("button", { name: "Start the day" }).click();
  await expect(main.getByText("At work", { exact: true })).toBeVisible();
  await main.getByRole("button", { name: "Break" }).click();
  await expect(main.getByText("On a break")).toBeVisible();
  await main.getByRole("button", { name: "Back to work" }).click();
  await expect(main.getByText("At work", { exact: true })).toBeVisible();
  await main.getByRole("button", { name: "Start a timer", exact: true }).click();
  await page.getByRole("dialog").getByLabel("What on?").fill("Letters");
  await page.getByRole("dialog").getByRole("button", { name: "Start a timer", exact: true }).click();
  await expect(main.getByRole("button", { name: "Stop the timer" })).toBeVisible();
  await page.goto(`/tasks/${task.id}`);
  await page.getByRole("main").getByRole("button", { name: "Time", exact: true }).click();
  await page.getByRole("main").getByRole("button", { name: "Start a timer here" }).click();
  await expect(page.getByRole("main").getByRole("button", { name: "Stop the timer" })).toBeVisible();
  const filter = { field: "running", op: "eq", value: true };
  const { items } = await olha.must<{ items: { fields: Record<string, unknown> }[] }>("POST", "/records/time_entry/query", { filter });
  expect(items.map(({ fields }) => fields.subject), "the other one has ended").toEqual(["Call the client"]);
  await page.goto(page_of("my_time"));
  await page.getByRole("main").getByRole("button", { name: "Finish the day" }).click();
  await expect(page.getByRole("main").getByRole("button", { name: "Go on working" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("button", { name: "Stop the timer" }), "the timer ends with the day").toHaveCount(0);
});

test("time that is booked already is refused by name, and money is not shown", async ({ server }) => {
  const olha = await Api.signIn(server, account("olha"));
  const book = (from: string, to: string) =>
    olha.send<Refused>("POST", "/records/time_entry", { fields: { starts_at: `${day(3)}T${from}:00Z`, ends_at: `${day(3)}T${to}:00Z` } });
  expect((await book("08:00", "09:00")).status).toBe(201);
  const overlap = await book("08:59", "09:30");
  expect([overlap.status, overlap.body.code]).toEqual([409, "time.overlap"]);
  expect((await book("09:00", "09:30")).status, "touching is no overlap").toBe(201);
  const rows = ["06:00", "08:30", "07:00"].map((at) => ({
    starts_at: `${day(3)}T${at}:00Z`,
    ends_at: `${day(3)}T${at.slice(0, 3)}45:00Z`,
  }));
  const saved = await Promise.all(rows.map((fields) => olha.send("POST", "/records/time_entry", { fields })));
  expect(saved.map(({ status }) => status), "of three one overlaps").toEqual([201, 409, 201]);
  const { body } = await olha.send<Record<string, unknown>>("GET", `/records/time_entry/${(saved[0]?.body as { id: string }).id}`);
  expect(JSON.stringify(body), "nobody but accountants sees money").not.toContain('"cost"');
});

test("what one does not see tells no title, and takes no hours", async ({ api, server }) => {
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const employee = roles.filter(({ key }) => key === "time_employee").map(({ id }) => id);
  await api.must("POST", "/users", { name: "Ivan", roles: employee, locale: "en", ...account("ivan") });
  const ivan = await Api.signIn(server, account("ivan"));
  const secret = await api.create("deal", { title: "Merger with Globex" });
  expect((await ivan.send("GET", `/records/deal/${secret.id}`)).status, "he sees no such deal").toBe(404);
  const press = (act: string, input: Record<string, unknown>) =>
    ivan.send<Refused>("POST", "/act", { plugin: ID, surface: "my_time", act, input });
  const presses = [
    await press("grid", { row: `deal:${secret.id}`, column: day(3), old: 0, new: 1800 }),
    await press("timer_start", { subject: `deal:${secret.id}` }),
  ];
  expect(presses.map(({ status, body }) => [status, body.code])).toEqual([
    [422, "time.subject_gone"],
    [422, "time.subject_gone"],
  ]);
  const { items } = await ivan.must<{ items: unknown[] }>("POST", "/records/time_entry/query", {});
  expect(JSON.stringify(items)).not.toContain("Globex");
});

test("twenty starts at once leave one timer, and no overlap", async ({ server }) => {
  const olha = await Api.signIn(server, account("olha"));
  const start = () => olha.send("POST", `/plugins/${ID}/http/timer/start`, { note: "Race" });
  const answers = await Promise.all(Array.from({ length: 20 }, start));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  const filter = { field: "running", op: "eq", value: true };
  const { items } = await olha.must<{ items: unknown[] }>("POST", "/records/time_entry/query", { filter });
  expect(items).toHaveLength(1);
  await olha.must("POST", `/plugins/${ID}/http/timer/stop`, {});
});

test("a correction waits for the head, who approves it on a phone; the person hears of it", async ({ page, secondPage, signIn, server }) => {
  const olha = await Api.signIn(server, account("olha"));
  const fields = { starts_at: `${day(2)}T07:00:00Z`, ends_at: `${day(2)}T16:05:00Z`, breaks: 3600, reason: "Forgot to start" };
  const wish = await olha.create("time_correction", fields);
  expect(wish.fields.state).toBe("pending");
  const own = await olha.send("PATCH", `/records/time_correction/${wish.id}`, { version: wish.version, fields: { state: "approved" } });
  expect(own.status, "nobody decides for himself").toBeGreaterThanOrEqual(400);
  await signIn(page, account("olha"));
  await signIn(secondPage, account("petro"));
  await secondPage.setViewportSize({ width: 390, height: 844 });
  await secondPage.goto(page_of("approvals"));
  await nothingWider(secondPage);
  await secondPage.getByRole("button", { name: "Actions: Olha" }).click();
  await secondPage.getByRole("menuitem", { name: "Approve" }).click();
  await expect(secondPage.getByText("Approved: 1")).toBeVisible();
  const filter = { field: "day", op: "eq", value: day(2) };
  const { items } = await olha.must<{ items: { fields: Record<string, unknown> }[] }>("POST", "/records/time_day/query", { filter });
  expect(items.map(({ fields }) => fields.worked)).toEqual([8 * 3600 + 5 * 60]);
  await expect(page.getByRole("button", { name: /Notifications/ })).toContainText(/[1-9]/);
});

test("a correction asks for its times and the reason alone; the table says them by the clock", async ({ page, signIn }) => {
  await signIn(page, account("olha"), page_of("my_time"));
  const main = page.getByRole("main");
  await main.getByRole("tab", { name: "Corrections of my days" }).click();
  await expect(main.getByText(/\d{1,2}:\d{2}/).first()).toBeVisible();
  await main.getByRole("button", { name: "Correct a day" }).last().click();
  const form = page.getByRole("dialog");
  await expect(form.getByLabel(/^Reason/)).toBeVisible();
  await expect(form.getByLabel(/^(Title|State)/), "the module names it, and decides on it").toHaveCount(0);
});

test.describe("by touch", () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  /** A finger pushes a row aside; what stands behind it meanwhile. */
  async function push(page: Page, row: Locator, by: number) {
    const client = await page.context().newCDPSession(page);
    await row.scrollIntoViewIfNeeded();
    const box = await row.boundingBox();
    if (!box) throw new Error("the row is not there");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const finger = (type: "touchStart" | "touchMove" | "touchEnd", ...points: { x: number; y: number; id: number }[]) =>
      client.send("Input.dispatchTouchEvent", { type, touchPoints: points });
    await finger("touchStart", { x, y, id: 1 });
    for (const part of [0.2, 0.5, 0.8, 1]) await finger("touchMove", { x: x + by * part, y, id: 1 });
    await nothingWider(page);
    await finger("touchEnd");
    await client.detach();
  }

  test("a head pushes corrections aside: to the right approved, to the left rejected, a little is nothing", async ({ page, signIn, server }) => {
    const olha = await Api.signIn(server, account("olha"));
    const ask = (ago: number, reason: string) =>
      olha.create("time_correction", { starts_at: `${day(ago)}T07:00:00Z`, ends_at: `${day(ago)}T16:00:00Z`, breaks: 3600, reason });
    const [bus, train] = [await ask(4, "Came by bus"), await ask(5, "Came by train")];
    const stateOf = async (id: string) =>
      (await olha.must<{ fields: Record<string, unknown> }>("GET", `/records/time_correction/${id}`)).fields.state;
    await signIn(page, account("petro"), page_of("approvals"));
    const rowOf = (id: string) => page.getByTestId(`row-${id}`);
    await expect(rowOf(bus.id)).toContainText("Came by bus");
    await expect(page.getByText("Push a row aside with a finger", { exact: false }).first(), "said once").toBeVisible();
    await push(page, rowOf(bus.id), 60);
    await expect(rowOf(bus.id), "it comes back").toBeVisible();
    expect(await stateOf(bus.id)).toBe("pending");
    await push(page, rowOf(bus.id), 150);
    await expect(page.getByText("Approved: 1")).toBeVisible();
    await expect(rowOf(bus.id)).toHaveCount(0);
    await push(page, rowOf(train.id), -150);
    // What takes something from somebody is asked first.
    await expect(page.getByText("Reject this correction?", { exact: false })).toBeVisible();
    expect(await stateOf(train.id)).toBe("pending");
    await page.getByRole("dialog").getByRole("button", { name: "Reject", exact: true }).click();
    await expect(page.getByText("Rejected: 1")).toBeVisible();
    expect([await stateOf(bus.id), await stateOf(train.id)]).toEqual(["approved", "rejected"]);
    await expect(page.getByText("Nothing waits for you").first()).toBeVisible();
  });
});

test("where a day begins is kept where a rule says so, told to the person and shown to them", async ({ page, signIn, server, api }) => {
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const employee = roles.filter(({ key }) => key === "time_employee").map(({ id }) => id);
  const person = { name: "Lina", roles: employee, locale: "en", ...account("lina") };
  const { id } = await api.must<{ id: string }>("POST", "/users", person);
  await api.create("time_policy", { title: "Field work", kind: "fixed", people: [id], from: day(30), place: "geo" });
  await page.context().grantPermissions(["geolocation"]);
  await page.context().setGeolocation({ latitude: 50.4501, longitude: 30.5234, accuracy: 25 });
  await signIn(page, account("lina"), page_of("my_time"));
  const main = page.getByRole("main");
  await expect(main.getByText("your position is kept", { exact: false })).toBeVisible();
  await main.getByRole("button", { name: "Start the day" }).click();
  await expect(main.getByText("At work", { exact: true })).toBeVisible();
  await main.getByRole("tab", { name: "Days", exact: true }).click();
  await expect(main.getByText("50.45010, 30.52340 ±25 m")).toBeVisible();
  const lina = await Api.signIn(server, account("lina"));
  await lina.must("POST", `/plugins/${ID}/http/day/finish`, {});
  const { items } = await lina.must<{ items: { fields: Record<string, unknown> }[] }>("POST", "/records/time_day/query", {});
  const [kept] = items.map(({ fields }) => [fields.start_place, fields.end_place ?? null]);
  expect(kept, "a program that says no place keeps none").toEqual(["50.45010, 30.52340 ±25 m", null]);
});

test("a week is handed in, locked, approved", async ({ page, secondPage, signIn, server }) => {
  const olha = await Api.signIn(server, account("olha"));
  await olha.create("time_entry", { starts_at: `${day(9)}T08:00:00Z`, ends_at: `${day(9)}T10:00:00Z` });
  await signIn(page, account("olha"), `${page_of("my_time")}?week=${day(9)}`);
  await page.getByRole("main").getByRole("button", { name: "Hand in the week" }).click();
  await page.getByRole("dialog").getByLabel("Comment for your head").fill("As planned");
  await page.getByRole("dialog").getByRole("button", { name: "Hand in the week" }).click();
  await expect(page.getByText("Handed in, waits for your head.")).toBeVisible();
  const late = await olha.send<Refused>("POST", "/records/time_entry", {
    fields: { starts_at: `${day(9)}T11:00:00Z`, ends_at: `${day(9)}T12:00:00Z` },
  });
  expect([late.status, late.body.code]).toEqual([409, "time.sheet_locked"]);
  await signIn(secondPage, account("petro"), page_of("approvals"));
  await expect(secondPage.getByText("As planned")).toBeVisible();
  await secondPage.getByRole("button", { name: "Actions: Olha" }).click();
  await secondPage.getByRole("menuitem", { name: "Approve" }).click();
  await expect(page.getByText("Approved.", { exact: true }), "live, in the employee's page").toBeVisible();
});

test("an accountant closes a month, and nothing in it is written any more", async ({ page, signIn, server }) => {
  const olha = await Api.signIn(server, account("olha"));
  const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 2, 1)).toISOString().slice(0, 7);
  await olha.create("time_entry", { starts_at: `${month}-10T08:00:00Z`, ends_at: `${month}-10T10:00:00Z` });
  await signIn(page, account("inna"), page_of("money"));
  await page.getByRole("button", { name: /^Actions: / }).last().click();
  await page.getByRole("menuitem", { name: "Close" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(page.getByText("The month is closed")).toBeVisible();
  const late = await olha.send<Refused>("POST", "/records/time_entry", {
    fields: { starts_at: `${month}-11T08:00:00Z`, ends_at: `${month}-11T10:00:00Z` },
  });
  expect([late.status, late.body.code]).toEqual([409, "time.period_closed"]);
});

test("every page says what it is for when it is empty, and fits a phone", async ({ page, signIn, api }) => {
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const all = roles.filter(({ key }) => key.startsWith("time_")).map(({ id }) => id);
  await api.must("POST", "/users", { name: "Nova", roles: all, locale: "en", ...account("nova") });
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, account("nova"));
  for (const [name, text] of [
    ["my_time", "What you work on appears here"],
    ["team", "Nobody is at work"],
    ["approvals", "Nothing waits for you"],
    ["money", "No rates yet"],
  ] as const) {
    await page.goto(page_of(name));
    await expect(page.getByText(text).first(), name).toBeVisible();
    await nothingWider(page);
  }
});

test("switched off in the middle the timer stops and all is hidden; on again it is back, to be confirmed", async ({ page, signIn, server, api }) => {
  const olha = await Api.signIn(server, account("olha"));
  await olha.must("POST", `/plugins/${ID}/http/timer/start`, { note: "Interrupted" });
  await signIn(page, account("olha"));
  await api.must("POST", `/plugins/${ID}/disable`, {});
  await page.goto("/");
  await expect(page.getByRole("link", { name: "My time" })).toHaveCount(0);
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await page.goto(page_of("my_time"));
  await expect(page.getByRole("main").getByRole("button", { name: "Stop the timer" })).toHaveCount(0);
});
