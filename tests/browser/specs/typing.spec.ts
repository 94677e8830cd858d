/** Typing is sacred: a save that fails or is late moves no focus, takes no letter, and keeps what was typed. */
import type { Locator, Page, Route } from "@playwright/test";
import { Board } from "../support/board.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Westwind" });

const record = (id: string) => new RegExp(`/api/v1/records/lead/${id}$`);

function field(page: Page, key: string): Locator {
  return page.getByTestId(`field-${key}`);
}

async function open(page: Page, key: string): Promise<Locator> {
  await field(page, key).locator("[data-edit]").click();
  return field(page, key).getByRole("textbox").first();
}

/** Refuses changes of a record as a plugin would. */
function refuse(key: string, message: string) {
  return (route: Route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({
          status: 422,
          contentType: "application/problem+json",
          json: { status: 422, code: "hook.rejected", detail: message, fields: { [key]: { code: "x", message } } },
        })
      : route.fallback();
}

test("a save that is not sent takes no focus and no letter; what was typed can be sent later", async ({
  page,
  signIn,
  api,
}) => {
  const lead = await api.create("lead", { title: "Offline", emails: [{ value: "a@example.org" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  let line = false;
  await page.route(record(lead.id), (route) =>
    route.request().method() === "PATCH" && !line ? route.abort("internetdisconnected") : route.fallback(),
  );
  const amount = await open(page, "amount");
  await amount.fill("555000");
  const note = page.getByRole("textbox", { name: "Note" });
  await note.click();
  await note.pressSequentially("They call back", { delay: 40 });
  await expect(field(page, "amount").getByRole("alert")).toContainText("cannot be reached");
  await note.pressSequentially(" on Monday", { delay: 20 });
  await expect(note).toBeFocused();
  await expect(note).toHaveValue("They call back on Monday");
  await expect(field(page, "amount")).toContainText("Not saved");
  await expect(field(page, "amount")).toContainText("555,000");

  await page.reload();
  await expect(field(page, "amount"), "kept over a reload").toContainText("Not saved");
  await expect(note).toHaveValue("They call back on Monday");
  line = true;
  await field(page, "amount").getByRole("button", { name: "Try again" }).click();
  await expect.poll(async () => (await api.get("lead", lead.id)).fields.amount).toBe(555_000);
  await expect(field(page, "amount")).not.toContainText("Not saved");
});

test("a refused value gives way to the old one, and is there to be mended", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Refused", emails: [{ value: "a@example.org" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  const reason = "Not before noon";
  await page.route(record(lead.id), refuse("last_name", reason));
  const name = await open(page, "last_name");
  await name.fill("Kowalska-Nowak");
  const note = page.getByRole("textbox", { name: "Note" });
  await note.click();
  await note.pressSequentially("Meanwhile", { delay: 40 });
  await expect(field(page, "last_name").getByRole("alert")).toContainText(reason);
  await expect(note).toBeFocused();
  await expect(note).toHaveValue("Meanwhile");
  await page.unroute(record(lead.id));
  const again = await open(page, "last_name");
  await expect(again).toHaveValue("Kowalska-Nowak");
  await again.press("Enter");
  await expect.poll(async () => (await api.get("lead", lead.id)).fields.last_name).toBe("Kowalska-Nowak");
  await expect(field(page, "last_name").getByRole("alert")).toHaveCount(0);
});

test("several phones that were refused are kept line by line", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Phones", emails: [{ value: "a@example.org" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  await page.route(record(lead.id), refuse("phones", "Not in this form"));
  const phone = await open(page, "phones");
  await phone.fill("12-34");
  await phone.press("Enter");
  await expect(field(page, "phones").getByRole("alert")).toContainText("Not in this form");
  await expect(await open(page, "phones")).toHaveValue("12-34");
});

test("what is written while a slow note is on its way stays", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Slow", emails: [{ value: "a@example.org" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  let arrive = () => {};
  const late = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route(/\/timeline$/, async (route) => {
    if (route.request().method() === "POST") await late;
    await route.fallback();
  });
  const note = page.getByRole("textbox", { name: "Note" });
  await note.fill("First");
  await note.press("Control+Enter");
  await note.press("End");
  await note.pressSequentially(" and second");
  arrive();
  await expect(page.getByTestId("timeline-entry").filter({ hasText: "First" })).toBeVisible();
  await expect(note).toHaveValue("and second");
  await expect(note).toBeFocused();
});

test("the end of a session does not take letters from the one who types", async ({ page, signIn, api, server }) => {
  const lead = await api.create("lead", { title: "Expired", emails: [{ value: "a@example.org" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  const name = await open(page, "last_name");
  await name.fill("Expired session");
  await page.context().clearCookies();
  const note = page.getByRole("textbox", { name: "Note" });
  await note.click();
  await note.pressSequentially("Still typing", { delay: 60 });
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await expect(note).toBeFocused();
  await expect(note).toHaveValue("Still typing");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('input[name="password"]').fill(server.admin.password);
  await page.locator('input[name="password"]').press("Enter");
  await expect.poll(async () => (await api.get("lead", lead.id)).fields.last_name).toBe("Expired session");
  await expect(note).toHaveValue("Still typing");
});

test("a field left in the middle by Back is saved", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Back", emails: [{ value: "a@example.org" }] });
  await signIn(page, "/records/lead/list");
  await page.goto(`/records/lead/list?record=${lead.id}`);
  const panel = page.getByTestId("record-panel");
  await panel.getByTestId("field-last_name").locator("[data-edit]").click();
  await panel.getByTestId("field-last_name").getByRole("textbox").pressSequentially("Half");
  await page.goBack();
  await expect(panel).toHaveCount(0);
  await page.goForward();
  await expect(panel.getByTestId("field-last_name")).toContainText("Half");
});

test("a table cell that was refused opens with what was typed", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Cell", emails: [{ value: "a@example.org" }] });
  await signIn(page, "/records/lead/list");
  await page.route(record(lead.id), refuse("amount", "Too much"));
  const cell = page.getByTestId(`row-${lead.id}`).getByTestId("field-amount");
  await cell.dblclick();
  await cell.getByRole("textbox").fill("1,045,800");
  await cell.getByRole("textbox").press("Enter");
  await expect(page.getByText("Too much").first()).toBeVisible();
  await cell.dblclick();
  await expect(cell.getByRole("textbox")).toHaveValue("1,045,800");
});

test("a form that was not sent keeps everything, over closing and a reload", async ({ page, signIn, api }) => {
  await signIn(page, "/records/lead/list");
  await page.route(/\/api\/v1\/records\/lead$/, (route) => route.abort("internetdisconnected"));
  await page.getByRole("button", { name: "Create" }).first().click();
  const form = page.getByRole("form", { name: "New record: Lead" });
  await expect(form.getByRole("textbox", { name: "Title" })).toBeFocused();
  await page.keyboard.type("From the fair");
  await page.keyboard.press("Enter");
  await expect(form.getByRole("alert")).toContainText("cannot be reached");
  await page.keyboard.type(" in May");
  await page.keyboard.press("Escape");
  await expect(form).toHaveCount(0);
  await page.reload();
  await page.getByRole("button", { name: "Create" }).first().click();
  await expect(form.getByRole("textbox", { name: "Title" })).toHaveValue("From the fair in May");
  await page.unroute(/\/api\/v1\/records\/lead$/);
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form).toHaveCount(0);
  expect((await api.byTitle("lead", ["From the fair in May"])).size).toBe(1);
});

test("a card typed into a column while the one before is on its way is the next card", async ({ page, signIn, api }) => {
  await signIn(page);
  const board = new Board(page);
  await board.open("lead");
  let arrive = () => {};
  const late = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route(/\/api\/v1\/records\/lead$/, async (route) => {
    await late;
    await route.fallback();
  });
  const column = board.column("new");
  await column.getByRole("button", { name: /^Add to/ }).click();
  const title = column.getByRole("textbox", { name: "Title" });
  await expect(title).toBeFocused();
  await page.keyboard.type("One");
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.type(" Two");
  arrive();
  await expect(title).toHaveValue("Two");
  await expect(title).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(title).toHaveValue("");
  expect((await api.byTitle("lead", ["One", "Two"])).size).toBe(2);
});
