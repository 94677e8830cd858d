/** Pickers: typing takes the place of the old text, search finds, what is not found can be made. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Pickers" });

async function picker(page: Page, key: string): Promise<Locator> {
  const field = page.getByTestId(`field-${key}`);
  await field.locator("[data-edit]").click();
  return field.locator("input:not([type=hidden])").first();
}

test("typing replaces the old text, and Enter takes what was found", async ({ page, signIn, api }) => {
  const [first, second] = [await api.create("company", { title: "Anchor Ltd" }), await api.create("company", { title: "Breeze" })];
  const deal = await api.create("deal", { title: "Picker", company: first.id });
  await signIn(page, `/records/deal/${deal.id}`);
  const input = await picker(page, "company");
  await expect(input).toHaveValue("Anchor Ltd");
  await page.keyboard.type("Bree");
  await expect(input).toHaveValue("Bree");
  await expect(page.getByRole("option", { name: "Breeze" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.company).toBe(second.id);
});

test("what is not found is made and linked", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Maker" });
  await signIn(page, `/records/deal/${deal.id}`);
  await picker(page, "company");
  await page.keyboard.type("Brand New Works");
  await page.getByRole("option", { name: "Create: Brand New Works" }).click();
  await expect(page.getByTestId("field-company")).toContainText("Brand New Works");
  await expect.poll(async () => (await api.byTitle("company", ["Brand New Works"])).size).toBe(1);
  const made = (await api.byTitle("company", ["Brand New Works"])).get("Brand New Works");
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.company).toBe(made?.id);
});

test("a link to records of several entities finds all of them", async ({ page, signIn, api }) => {
  const field = { type: "link", label: { en: "Partner" }, key: "x_partner", entities: ["contact", "company"] };
  await api.must("POST", "/entities/deal/fields", field);
  const person = await api.create("contact", { title: "Partner Person" });
  await api.create("company", { title: "Partner Company" });
  const deal = await api.create("deal", { title: "Several" });
  await signIn(page, `/records/deal/${deal.id}`);
  await picker(page, "x_partner");
  await page.keyboard.type("Partner");
  await expect(page.getByRole("option", { name: "Partner Company" }).first()).toBeVisible();
  await page.getByRole("option", { name: "Partner Person" }).first().click();
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.x_partner).toBe(person.id);
});

test("a length of time is compared in a filter", async ({ page, signIn, api }) => {
  await api.must("POST", "/entities/lead/fields", { type: "duration", label: { en: "Visit" }, key: "x_visit" });
  await api.create("lead", { title: "Short visit", x_visit: 600 });
  await api.create("lead", { title: "Long visit", x_visit: 7_200 });
  await signIn(page, "/records/lead/list");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("option", { name: "Visit" }).or(page.getByRole("button", { name: "Visit" })).first().click();
  await page.getByRole("textbox", { name: "Value" }).fill("1:30");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Long visit")).toBeVisible();
  await expect(page.getByText("Short visit")).toHaveCount(0);
  await expect(page.getByText(/Visit.*1:30/).first()).toBeVisible();
});

test("all heads of a department are shown and changed", async ({ page, signIn, api }) => {
  const person = (name: string) =>
    api.must<{ id: string }>("POST", "/users", { name, email: `${name.toLowerCase()}@example.org`, roles: [], locale: "en" });
  const [anna, boris] = [await person("Anna"), await person("Boris")];
  const made = await api.must<{ id: string }>("POST", "/departments", { name: "Workshop", head_ids: [anna.id, boris.id] });
  await signIn(page, "/settings/departments");
  await expect(page.getByText("Heads: Anna, Boris")).toBeVisible();
  await page.getByRole("button", { name: "Workshop" }).click();
  const form = page.getByRole("form");
  await form.getByLabel("Heads").first().click();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Head: Anna")).toBeVisible();
  const { items } = await api.must<{ items: { id: string; head_ids: string[] }[] }>("GET", "/departments");
  expect(items.find(({ id }) => id === made.id)?.head_ids).toEqual([anna.id]);
});

test("what a task is about is picked: of which kind, then which one", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Roof of the barn" });
  const lead = await api.create("lead", { title: "Barn owner" });
  await signIn(page, "/records/task/list");
  await page.getByRole("button", { name: "Create", exact: true }).first().click();
  const form = page.getByRole("form", { name: "New record: Task" });
  await expect(form.getByRole("textbox", { name: "Title" })).toBeFocused();
  await page.keyboard.type("Measure it");
  await form.getByRole("button", { name: "More fields" }).click();
  await form.getByLabel("About which record").first().click();
  await page.getByRole("option", { name: "Deal", exact: true }).click();
  await form.getByLabel("Which one").first().click();
  await page.keyboard.type("Roof");
  await page.getByRole("option", { name: "Roof of the barn" }).click();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await expect(form).toHaveCount(0);
  const task = (await api.byTitle("task", ["Measure it"])).get("Measure it");
  expect([task?.fields.record_entity, task?.fields.record_id]).toEqual(["deal", deal.id]);

  await page.goto(`/records/task/${task?.id}`);
  const field = page.getByTestId("field-record_id");
  await expect(field.getByRole("link", { name: "Roof of the barn" })).toBeVisible();
  await field.locator("[data-edit]").click({ position: { x: 2, y: 2 } });
  await field.getByLabel("About which record: of which kind").first().click();
  await page.getByRole("option", { name: "Lead", exact: true }).click();
  await field.locator("input:not([type=hidden])").last().click();
  await page.keyboard.type("Barn");
  await page.getByRole("option", { name: "Barn owner" }).click();
  await expect.poll(async () => (await api.get("task", String(task?.id))).fields.record_id).toBe(lead.id);
  expect((await api.get("task", String(task?.id))).fields.record_entity).toBe("lead");
});

test("who does many tasks is set, not who watches over them", async ({ page, signIn, api }) => {
  const person = await api.must<{ id: string }>("POST", "/users", { name: "Doer", email: "doer@example.org", roles: [], locale: "en" });
  const task = await api.create("task", { title: "For somebody else" });
  const owner = (await api.get("task", task.id)).fields.owner;
  await signIn(page, "/records/task/list");
  await page.getByTestId(`row-${task.id}`).getByRole("checkbox").check();
  await page.getByLabel("1 selected").getByRole("button", { name: "Assigned to", exact: true }).click();
  await expect(page.locator("input[data-autofocus]:focus")).toHaveCount(1);
  await page.keyboard.type("Doer");
  await page.getByRole("option", { name: "Doer" }).click();
  await page.getByRole("button", { name: "Apply" }).click();
  await expect.poll(async () => (await api.get("task", task.id)).fields.assignee).toBe(person.id);
  expect((await api.get("task", task.id)).fields.owner).toBe(owner);
});

test("a form without a name says so at the field and makes nothing", async ({ page, signIn, api }) => {
  await signIn(page, "/records/deal/list");
  await page.getByRole("button", { name: "Create", exact: true }).first().click();
  const form = page.getByRole("form", { name: "New record: Deal" });
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await expect(form.getByText("Fill this in.")).toBeVisible();
  await expect(form.getByRole("textbox", { name: "Title" })).toHaveAttribute("aria-invalid", "true");
  expect((await api.byTitle("deal", ["Untitled"])).size).toBe(0);
});

test("any currency is found, those used most stand first", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Far away", amount: 10 });
  await signIn(page, `/records/deal/${deal.id}`);
  const amount = page.getByTestId("field-amount");
  await amount.locator("[data-edit]").click();
  await amount.getByLabel("Currency").first().click();
  await expect(page.getByRole("option").nth(1)).toContainText(/RUB|UAH/);
  await page.keyboard.type("yen");
  await page.getByRole("option", { name: "Japanese Yen (JPY)" }).click();
  await page.getByRole("textbox", { name: "Note" }).click();
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.currency).toBe("JPY");
});
