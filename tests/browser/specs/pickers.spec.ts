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
  await signIn(page);
  await page.goto(`/records/deal/${deal.id}`);
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
  await signIn(page);
  await page.goto(`/records/deal/${deal.id}`);
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
  await signIn(page);
  await page.goto(`/records/deal/${deal.id}`);
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
  await signIn(page);
  await page.goto("/records/lead/list");
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
  await signIn(page);
  await page.goto("/settings/departments");
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
