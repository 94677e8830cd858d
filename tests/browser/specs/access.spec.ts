/** Who may touch a record and why, what somebody reaches, and fields that count linked records. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Openness" });
test.describe.configure({ mode: "serial" });

interface Made {
  id: string;
}

const dialog = (page: Page) => page.getByRole("dialog");

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

test("an administrator learns by which rule somebody sees a deal, and by which not", async ({ page, signIn, api }) => {
  const filter = { field: "amount", op: "lte", value: 100 };
  const rows = [{ kind: "permission", entity: "deal", actions: ["read", "update"], filter }];
  const role = await api.must<Made>("POST", "/roles", { key: "small", name: "Small deals", rows });
  const bob = await api.must<Made>("POST", "/users", { name: "Bob", email: "bob@example.org", roles: [role.id], locale: "en" });
  const small = await api.create("deal", { title: "Bolts", amount: 50 });
  const large = await api.create("deal", { title: "Bridge", amount: 5000 });
  await signIn(page, `/records/deal/${small.id}`);
  const open = async () => {
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Who has access" }).click();
  };
  await open();
  await expect(dialog(page)).toContainText("Bob");
  await expect(dialog(page)).toContainText("by Small deals");
  await dialog(page).getByLabel("Ask about a person").click();
  await page.getByRole("option", { name: /^Bob/ }).click();
  const change = dialog(page).getByRole("region", { name: "Change" });
  await expect(change).toContainText("Yes");
  await expect(change).toContainText(/Amount at most .100/);
  await expect(dialog(page).getByRole("region", { name: "Delete" })).toContainText("No role of theirs says anything about it.");
  await clean(page);
  await page.goto(`/records/deal/${large.id}`);
  await open();
  await expect(dialog(page)).not.toContainText("Bob");
  await dialog(page).getByLabel("Ask about a person").click();
  await page.getByRole("option", { name: /^Bob/ }).click();
  await expect(dialog(page).getByRole("region", { name: "See" })).toContainText("Does not apply");
  // What they reach of it all stands beside their account.
  await page.goto(`/settings/people?edit=${bob.id}`);
  await dialog(page).getByLabel("What they reach").click();
  await page.getByRole("option", { name: "Deals" }).click();
  await expect(dialog(page).locator("dl")).toContainText(/See\s*1/);
  await expect(dialog(page).locator("dl")).toContainText(/Delete\s*0/);
});

test("a company counts its open deals as they come and go", async ({ page, signIn, api }) => {
  const company = await api.create("company", { title: "Steel" });
  const deals = [await api.create("deal", { title: "a", company: company.id }), await api.create("deal", { title: "b", company: company.id })];
  await signIn(page, "/settings/fields?edit=company");
  await page.getByRole("button", { name: "Add field" }).click();
  await dialog(page).getByLabel("Name in English").fill("Deals");
  await dialog(page).getByLabel("Type").click();
  await page.getByRole("option", { name: "Whole number" }).click();
  await dialog(page).getByLabel("Values").click();
  await page.getByRole("option", { name: "Counted from linked records" }).click();
  await dialog(page).getByLabel("Which records").click();
  await page.getByRole("option", { name: "Deals · Company" }).click();
  await dialog(page).getByLabel("How", { exact: true }).click();
  await page.getByRole("option", { name: "How many" }).click();
  await clean(page);
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  const count = () => api.get("company", company.id).then(({ fields }) => fields.x_deals);
  await expect.poll(count, { timeout: 15_000 }).toBe(2);
  await page.goto(`/records/company/${company.id}`);
  const shown = page.getByRole("main");
  await expect(shown.getByText("Deals", { exact: true }).first()).toBeVisible();
  await api.must("DELETE", `/records/deal/${deals[0]?.id}`);
  await expect.poll(count, { timeout: 5_000 }).toBe(1);
});

test("an administrator arranges the card, and brings the old arrangement back", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Arranged", amount: 7 });
  await signIn(page, "/settings/fields?edit=deal");
  const block = page.getByRole("region", { name: "Cards and lists" });
  await expect(block).toContainText("As the product has it.");
  await block.getByRole("button", { name: "Add section" }).click();
  await dialog(page).getByRole("textbox").first().fill("Money first");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  // By keys: the amount goes below the new section, which stands last.
  await block.getByTestId("layout-Money first").scrollIntoViewIfNeeded();
  await block.getByRole("button", { name: /^Take Amount off/ }).click();
  await block.getByRole("button", { name: /^Put Amount on/ }).click();
  await clean(page);
  await block.getByRole("button", { name: "Save arrangement" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.goto(`/records/deal/${deal.id}`);
  await expect(page.getByRole("main").getByText("Money first")).toBeVisible();
  await page.goto("/settings/fields?edit=deal");
  await block.getByRole("button", { name: "Back to the product's" }).click();
  await expect(block).toContainText("As the product has it.");
  await block.getByRole("button", { name: "History" }).click();
  await block.getByRole("button", { name: "Restore" }).click();
  await expect(block.getByTestId("layout-Money first")).toBeVisible();
});

test("a field of words becomes a number once all of them are numbers", async ({ page, signIn, api }) => {
  await api.must("POST", "/entities/lead/fields", { key: "x_size", label: { en: "Size" }, type: "text" });
  await api.create("lead", { title: "Twelve", x_size: "12" });
  const word = await api.create("lead", { title: "Word", x_size: "many" });
  await signIn(page, "/settings/fields?edit=lead%20field%20x_size");
  await dialog(page).getByLabel("New type").click();
  await page.getByRole("option", { name: "Whole number" }).click();
  await dialog(page).getByRole("button", { name: "Check the values" }).click();
  await expect(dialog(page)).toContainText("1 value fits");
  await expect(dialog(page)).toContainText("1 value does not fit: change it first.");
  await expect(dialog(page).getByRole("link", { name: "Word" })).toBeVisible();
  await clean(page);
  await api.must("PATCH", `/records/lead/${word.id}`, { fields: { x_size: "3" } });
  await dialog(page).getByRole("button", { name: "Check the values" }).click();
  await expect(dialog(page)).toContainText("2 values fit");
  await dialog(page).getByRole("button", { name: "Change the type" }).click();
  await expect(dialog(page)).toHaveCount(0);
  const read = async () => (await api.get("lead", word.id)).fields.x_size;
  expect(await read()).toBe(3);
});
