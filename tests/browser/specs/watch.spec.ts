/** What heads, operators and people with a calendar do beside the work: deadlines moved, migrations taken back, tasks from a line. */
import type { Locator, Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";
import { publishDealer, startDealer } from "../support/work.ts";

test.use({ company: "Watched" });

interface Made {
  id: string;
}

const tasksOf = (definition: string, ...names: string[]) => {
  const steps = names.map((name) => `<userTask id="${name.toLowerCase()}" name="${name}" v:executors="owner"/>`).join("");
  const all = ["start", ...names.map((name) => name.toLowerCase()), "end"];
  const flows = all.slice(1).map((to, at) => `<sequenceFlow id="f${at}" sourceRef="${all[at]}" targetRef="${to}"/>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" id="d" targetNamespace="t"><process id="${definition}" name="Moved" isExecutable="true"><startEvent id="start"/>${steps}<endEvent id="end"/>${flows}</process></definitions>`;
};

/** A drawing kept and published under its key. */
async function publish(api: Api, xml: string): Promise<void> {
  const { id } = await api.must<Made>("POST", "/process-drawings?title=Moved", new TextEncoder().encode(xml));
  await api.must("POST", `/process-drawings/${id}/publish`, { note: "published" });
}

test("a migration is taken back from its result, of each that has not gone on", async ({ page, signIn, api }) => {
  await publish(api, tasksOf("moved", "Check", "Pay"));
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await api.must<Made>("POST", "/process-instances", { definition: "moved" })).id);
  await publish(api, tasksOf("moved", "Approve", "Pay"));
  await signIn(page, "/processes/moved");
  await page.getByRole("button", { name: "Bring the running ones over" }).click();
  const wizard = page.getByRole("dialog", { name: "Running ones to version 2" });
  await wizard.getByLabel("What “Check” is now").click();
  await page.getByRole("option", { name: "Approve" }).click();
  await wizard.getByRole("button", { name: "Bring 3 over" }).click();
  await expect(wizard).toContainText("3 are on version 2 now.");
  // One goes on meanwhile: it stays.
  const { items } = await api.must<{ items: Made[] }>("GET", `/tasks?instance=${ids[0]}&state=open`);
  await api.must("POST", `/tasks/${items[0]?.id}/complete`, {});
  await wizard.getByRole("button", { name: "Take it back" }).dblclick();
  await expect(wizard).toContainText("2 stand again as they stood before.");
  await expect(wizard).toContainText("1 has gone on since and stays:");
  await expect(wizard.getByRole("button", { name: "Take it back" })).toHaveCount(0);
  const now = await api.must<{ items: { version: number }[] }>("GET", "/process-instances?definition=moved&limit=10");
  expect(now.items.map(({ version }) => version).sort()).toEqual([1, 1, 2]);
  await wizard.getByRole("link").first().click();
  await expect(page).toHaveURL(new RegExp(`/instances/${ids[0]}`));
});

test("a task from a line: chips before it is saved, whom of several, nothing typed is lost", async ({ page, signIn, api }) => {
  await api.must("POST", "/users", { name: "Ivan Petrov", email: "petrov@watched.test" });
  await api.must("POST", "/users", { name: "Anna Smith", email: "a.smith@watched.test" });
  await api.must("POST", "/users", { name: "Anna Jones", email: "a.jones@watched.test" });
  await signIn(page, "/tasks");
  const line = page.getByRole("textbox", { name: "A task in one line" });
  const read = page.getByRole("group", { name: "What was understood" });
  await line.fill("call Ivanov tomorrow 15:00 @petrov");
  await expect(read).toContainText("call Ivanov");
  await expect(read).toContainText("03:00 PM");
  await expect(read).toContainText("Ivan Petrov");
  await page.reload();
  await expect(line, "a draft").toHaveValue("call Ivanov tomorrow 15:00 @petrov");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Made: call Ivanov")).toBeVisible();
  await expect(line).toHaveValue("");
  const made = await api.must<{ items: { title: string; due: string; assignee: string }[] }>("GET", "/tasks?creator=me&q=ivanov");
  const people = await api.must<{ items: { id: string; name: string }[] }>("GET", "/users");
  const petrov = people.items.find(({ name }) => name === "Ivan Petrov")?.id;
  expect(made.items.map(({ title, assignee }) => [title, assignee])).toEqual([["call Ivanov", petrov]]);

  await line.fill("write to them @anna @nobody");
  await expect(read).toContainText("Nobody is called @nobody");
  await read.getByRole("button", { name: "Anna Jones?" }).click();
  await expect(read).toContainText("write to them @nobody");
  await line.press("Enter");
  await expect(page.getByText("Made: write to them @nobody")).toBeVisible();

  // From anywhere, by the palette.
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a record, a section, a command").fill("ask Smith on 31.12 10:00");
  await page.getByRole("option", { name: "ask Smith on 31.12 10:00" }).first().click();
  await expect(line).toHaveValue("ask Smith on 31.12 10:00");
  await expect(line).toBeFocused();
  await expect(read).toContainText("10:00 AM");
  await line.fill("");

  // On a phone, in Russian, for oneself, without the deadline that was read.
  await page.setViewportSize({ width: 390, height: 844 });
  await line.fill("отчёт в пятницу");
  await read.getByRole("button", { name: "Without a deadline" }).click();
  await line.press("Enter");
  await expect(page.getByRole("region", { name: "Without a deadline" })).toContainText("отчёт");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "no sideways scrolling").toBe(true);
});

test("each counter opens exactly so many, and a task that was looked at is new no more", async ({ page, signIn, api, server }) => {
  const helper = { email: "giver@watched.test", password: "gives and looks at it" };
  const roles = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const admin = roles.items.filter(({ key }) => key === "admin").map(({ id }) => id);
  await api.must("POST", "/users", { name: "Giver", ...helper, roles: admin });
  const giver = await Api.signIn(server, helper);
  const me = await api.must<{ user: Made }>("GET", "/me");
  const give = (title: string, more: object = {}) => giver.must<Made>("POST", "/tasks", { title, assignee: me.user.id, ...more });
  const back = await give("Price list");
  await give("Late one", { due: new Date(Date.now() - 3_600_000).toISOString() });
  await api.must("POST", `/tasks/${back.id}/complete`, { acceptance: true });
  await giver.must("POST", `/tasks/${back.id}/return`, { note: "The discount is missing" });
  await signIn(page, "/tasks");
  const bar = page.getByRole("toolbar", { name: "What to show" });
  const links = page.getByRole("main").locator("[data-row] a");
  for (const [name, titles] of [
    ["Given back 1", ["Price list"]],
    ["Violations 1", ["Late one"]],
  ] as [string, string[]][]) {
    await bar.getByRole("button", { name }).click();
    await expect(links).toHaveText(titles);
  }
  await bar.getByRole("button", { name: "New 2" }).click();
  await expect(links).toHaveCount(2);
  await page.getByRole("link", { name: "Late one" }).click();
  await expect(bar.getByRole("button", { name: "New 1" })).toBeVisible();
  await expect(page).toHaveURL(/show=new/);
});

test("of people with 3 and 2 tasks a head sees 5 with 3 overdue, and a press on 3 lists 3", async ({ page, signIn, api }) => {
  const me = await api.must<{ user: Made }>("GET", "/me");
  const sales = await api.must<Made>("POST", "/departments", { name: "Sales", head_ids: [me.user.id] });
  for (const [name, late, open] of [
    ["Olga One", 1, 3],
    ["Paul Two", 2, 2],
  ] as [string, number, number][]) {
    const email = `${name.split(" ")[0]?.toLowerCase()}@watched.test`;
    const { id } = await api.must<Made>("POST", "/users", { name, email, department_id: sales.id });
    for (let n = 0; n < open; n += 1) {
      const due = new Date(Date.now() + (n < late ? -3_600_000 : 7 * 86_400_000)).toISOString();
      await api.must("POST", "/tasks", { title: `${name} ${n}`, assignee: id, due });
    }
  }
  await signIn(page, "/tasks?view=team");
  const bar = page.getByRole("toolbar", { name: "What to show" });
  const main = page.getByRole("main");
  await expect(bar.getByRole("button", { name: "Open 5" })).toBeVisible();
  await expect(main.getByText("Paul Two").first(), "one by one until a number is pressed").toBeVisible();
  await bar.getByRole("button", { name: "Overdue 3" }).click();
  const links = main.locator("[data-row] a");
  await expect(links).toHaveCount(3);
  await expect(links.filter({ hasText: "Olga One 0" })).toHaveCount(1);
  await expect(page).toHaveURL(/view=team.*show=overdue/);
  await bar.getByRole("button", { name: "Open 5" }).click();
  await expect(links).toHaveCount(5);
  await bar.getByRole("button", { name: "Open 5" }).click();
  await expect(page).not.toHaveURL(/show=/);
  await expect(main.getByText("Paul Two").first()).toBeVisible();
});

test("a holiday asks what becomes of open deadlines and says which would move", async ({ page, signIn, api }) => {
  const week = Object.fromEntries(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, ["00:00-24:00"]]));
  await api.must("PUT", "/calendars/company", { calendar: { week } });
  const task = await api.must<{ id: string; due: string }>("POST", "/tasks", { title: "Two days of work", duration: 2 * 86_400 });
  await signIn(page, "/settings/calendars");
  for (const day of ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) {
    await page.getByRole("textbox", { name: day }).fill("0-12");
  }
  await page.getByRole("button", { name: "Save" }).click();
  const ask = page.getByRole("dialog", { name: "Open deadlines" });
  await expect(ask).toContainText("1 deadline would move:");
  await expect(ask).toContainText("Two days of work");
  await page.keyboard.press("Escape");
  await expect(ask).toHaveCount(0);
  const due = async () => (await api.must<{ due: string }>("GET", `/tasks/${task.id}`)).due;
  expect(await due(), "nothing was saved").toBe(task.due);
  await page.getByRole("button", { name: "Save" }).click();
  await ask.getByRole("button", { name: "Count them anew" }).click();
  await expect(page.getByText("Saved. 1 deadline moved.")).toBeVisible();
  expect(new Date(await due()).getTime() - new Date(task.due).getTime()).toBeGreaterThan(86_400_000);
  await api.must("POST", `/tasks/${task.id}/cancel`, { note: null });
});

test("holidays come from the law of a country and from a calendar file", async ({ page, signIn, api }) => {
  const year = new Date().getFullYear() + 1;
  await api.must("PUT", "/calendars/company", {
    calendar: { week: { mon: ["09:00-18:00"], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] } },
  });
  await signIn(page, "/settings/calendars");
  // Hours are painted as well as written.
  const box = await page.getByTestId("hours-bar").nth(5).boundingBox();
  if (!box) throw new Error("no bar of Saturday");
  const hour = (at: number) => [box.x + (box.width * at) / 24, box.y + box.height / 2] as const;
  await page.mouse.move(...hour(10.1));
  await page.mouse.down();
  await page.mouse.move(...hour(12.9), { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole("textbox", { name: "Saturday" })).toHaveValue("10:00-13:00");
  await page.getByLabel("Year", { exact: true }).first().click();
  await page.getByRole("option", { name: String(year) }).click();
  await page.getByLabel("Public holidays of a country").first().fill("Ukraine");
  await page.getByRole("option", { name: "Ukraine" }).click();
  await page.getByRole("button", { name: `Add the holidays of ${year}` }).click();
  await expect(page.getByText(/days were added\. They are kept when you save\./)).toBeVisible();
  await page.getByRole("button", { name: `Add the holidays of ${year}` }).click();
  await expect(page.getByText("Nothing to add: the calendar has all of these days.")).toBeVisible();
  const event = `BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:${year}0202\r\nSUMMARY:<b>Founding</b>\r\nEND:VEVENT\r\n`;
  const buffer = Buffer.from(`BEGIN:VCALENDAR\r\n${event}END:VCALENDAR\r\n`);
  await page.getByTestId("file-input").setInputFiles({ name: "ours.ics", mimeType: "text/calendar", buffer });
  await expect(page.getByText("1 day was added. It is kept when you save.")).toBeVisible();
  await page.getByTestId("file-input").setInputFiles({ name: "ours.ics", mimeType: "text/calendar", buffer: Buffer.from("hello") });
  await expect(page.getByText("This is no calendar file.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  const { calendar } = await api.must<{
    calendar: { week: { sat: string[] }; days: { date: string; name: string }[] };
  }>("GET", "/calendars/company");
  expect(calendar.week.sat).toEqual(["10:00-13:00"]);
  expect(calendar.days).toContainEqual({ date: `${year}-02-02`, hours: [], name: "<b>Founding</b>" });
  expect(calendar.days).toContainEqual({ date: `${year}-08-24`, hours: [], name: "Independence Day" });
});

test("everyone says how they want to be told, by the keyboard and on a phone", async ({ page, signIn, api }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, "/settings/telling");
  const letter = page.getByRole("checkbox", { name: "A new task of mine: Letter" });
  await letter.focus();
  await page.keyboard.press("Space");
  await expect(letter).toBeChecked();
  await expect(letter).toBeEnabled();
  await expect(page.getByRole("checkbox", { name: "Escalation: a task of others is late: Portal" })).toBeDisabled();
  const quiet = page.getByRole("switch", { name: "Quiet outside of my working time" });
  await quiet.click({ force: true });
  await expect(quiet).toBeChecked();
  await expect
    .poll(async () => {
      const kept = await api.must<{ quiet: boolean; kinds: Record<string, { mail: boolean }> }>("GET", "/me/notifications");
      return [kept.quiet, kept.kinds["task.new"]?.mail];
    })
    .toEqual([true, true]);
  await page.reload();
  await expect(letter).toBeChecked();
});

test.describe("by touch", () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  const levelOf = (canvas: Locator) =>
    canvas.locator("g.viewport").evaluate((group) => {
      const { a, e, f } = (group as SVGGElement).transform.baseVal.consolidate()?.matrix ?? { a: 1, e: 0, f: 0 };
      return { level: a, x: e, y: f };
    });

  type Fingers = (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]) => Promise<void>;

  /** Of one session: another one knows nothing of fingers that are down. */
  async function handOn(page: Page): Promise<Fingers> {
    const client = await page.context().newCDPSession(page);
    return async (type, ...points) => {
      await client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    };
  }

  test("a finger moves the map, two zoom it, a tap chooses, and nothing covers the watermark", async ({ page, signIn, server }) => {
    const api = await publishDealer(server);
    const { id } = await startDealer(api, "Touched");
    await signIn(page, `/instances/${id}`);
    await expect(page.getByTestId("step-solution")).toContainText("now");
    await page.getByTestId("route-map").getByText("Map", { exact: true }).tap();
    const canvas = page.getByTestId("route-canvas");
    const fingers = await handOn(page);
    await expect(canvas).toHaveAttribute("data-ready", "true");
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    if (!box) throw new Error("the map is not there");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const before = await levelOf(canvas);
    const scrolled = () => page.evaluate(() => document.scrollingElement?.scrollTop ?? 0);
    const top = await scrolled();

    await fingers("touchStart", [x, y]);
    await fingers("touchMove", [x - 30, y - 20]);
    await fingers("touchMove", [x - 60, y - 40]);
    await fingers("touchEnd");
    const moved = await levelOf(canvas);
    expect([moved.level, Math.round(moved.x - before.x), Math.round(moved.y - before.y)]).toEqual([before.level, -60, -40]);
    expect(await scrolled(), "the page stays").toBe(top);
    await expect(page.getByRole("button", { name: "Start from here" }), "a drag chooses nothing").toHaveCount(0);

    await fingers("touchStart", [x - 40, y], [x + 40, y]);
    await fingers("touchMove", [x - 60, y], [x + 60, y]);
    await fingers("touchMove", [x - 80, y], [x + 80, y]);
    await fingers("touchEnd");
    const near = await levelOf(canvas);
    expect(near.level / moved.level).toBeCloseTo(2, 1);
    await fingers("touchStart", [x - 80, y], [x + 80, y]);
    await fingers("touchMove", [x - 20, y], [x + 20, y]);
    await fingers("touchEnd");
    expect((await levelOf(canvas)).level / near.level).toBeCloseTo(0.25, 1);

    const mark = canvas.locator(".bjs-powered-by");
    const place = await mark.boundingBox();
    const over = place && (await page.evaluate(([px, py]) => document.elementFromPoint(px ?? 0, py ?? 0)?.closest("a")?.className ?? "", [place.x + place.width / 2, place.y + place.height / 2]));
    expect(over, "nothing covers the watermark").toContain("bjs-powered-by");
  });
});
