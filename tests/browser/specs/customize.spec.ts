/** Formulas, conditions and rules: made by an administrator with live checks, obeyed by forms and cards while one types. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Reckoning" });
test.describe.configure({ mode: "serial" });

const form = (page: Page): Locator => page.getByRole("dialog");

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

test("a formula is tried on records while it is written, and what is wrong is said in words", async ({ page, signIn, api }) => {
  await api.create("deal", { title: "Pipes", amount: 200.1, currency: "EUR" });
  await signIn(page, "/settings/fields?edit=deal");
  const fields = page.getByRole("region", { name: "Fields", exact: true });
  await fields.getByRole("button", { name: "Add field" }).click();
  await expect(form(page).getByLabel("Name in English")).toBeFocused();
  await form(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(form(page)).toContainText("This is needed.");
  await form(page).getByLabel("Name in English").fill("Margin");
  await form(page).getByLabel("Type").click();
  await page.getByRole("option", { name: "Money" }).click();
  await form(page).getByLabel("Values").click();
  await page.getByRole("option", { name: "Computed by a formula" }).click();
  const formula = form(page).getByLabel("Formula", { exact: true });
  await formula.fill("record.amont * 0.15");
  await expect(form(page)).toContainText("There is no field amont.");
  await formula.fill("record.amount * 0.15");
  await expect(form(page)).toContainText("30.02");
  await clean(page);
  await form(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(form(page)).toHaveCount(0);
  await expect(fields).toContainText("x_margin = record.amount * 0.15");
  // The form of a new deal reckons while one types.
  await page.goto("/records/deal/list");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await form(page).getByLabel(/^Title/).fill("Valves");
  await form(page).getByLabel(/^Amount/).fill("100");
  await expect(form(page)).toContainText("Margin");
  await expect(form(page)).toContainText("15");
});

test("a field is shown and demanded by what stands in another, and locked on the card", async ({ page, signIn, api }) => {
  const kinds = [{ key: "sale", label: { en: "Sale" } }, { key: "rent", label: { en: "Rent" } }];
  await api.must("POST", "/entities/deal/fields", { key: "x_kind", label: { en: "Kind of deal" }, type: "choice", choices: kinds, required: true });
  await api.must("POST", "/entities/deal/fields", { key: "x_contract", label: { en: "Contract" }, type: "text" });
  const conditions = { visible: "record.x_kind == 'sale'", required: "record.x_kind == 'sale'", read_only: "before.stage == 'won'" };
  await api.must("PUT", "/entities/deal/fields/x_contract/conditions", conditions);
  await signIn(page, "/records/deal/list");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await form(page).getByLabel(/^Title/).fill("House");
  await expect(form(page).getByLabel(/^Contract/)).toHaveCount(0);
  await form(page).getByLabel(/^Kind of deal/).click();
  await page.getByRole("option", { name: "Sale" }).click();
  await expect(form(page).getByLabel("Contract *")).toBeVisible();
  await form(page).getByRole("button", { name: "Create" }).click();
  await expect(form(page).getByLabel("Contract *")).toHaveAttribute("aria-invalid", "true");
  await form(page).getByLabel("Contract *").fill("17-A");
  await form(page).getByRole("button", { name: "Create" }).click();
  await expect(form(page)).toHaveCount(0);
  const deal = (await api.byTitle("deal", ["House"])).get("House");
  await page.goto(`/records/deal/${deal?.id}`);
  const contract = page.getByTestId("field-x_contract");
  await expect(contract.getByRole("button")).toBeVisible();
  await api.must("POST", `/records/deal/${deal?.id}/stage`, { stage: "won" });
  await page.reload();
  await expect(contract).toContainText("17-A");
  await expect(contract.getByRole("button")).toHaveCount(0);
});

test("a warning takes a reason", async ({ page, signIn, api }) => {
  const rule = { name: "cheap", check: "!(record.amount < 10)", warn: true, message: { en: "So cheap?" } };
  await api.must("POST", "/validation-rules", { entity: "deal", rule });
  const { id } = await api.create("deal", { title: "Bolt", amount: 50, x_kind: "rent" });
  await signIn(page, `/records/deal/${id}`);
  const amount = page.getByTestId("field-amount");
  await amount.getByRole("button").first().click();
  await amount.getByRole("textbox").first().fill("5");
  await page.keyboard.press("Enter");
  await expect(amount).toContainText("So cheap?");
  await amount.getByLabel("Why it is right all the same").fill("a gift");
  await amount.getByRole("button", { name: "Try again" }).click();
  await expect(amount).not.toContainText("So cheap?");
  await expect.poll(async () => (await api.get("deal", id)).fields.amount).toBe(5);
});

test("the settings stand at the width of a phone, in Russian too", async ({ page, signIn, api }) => {
  await signIn(page);
  for (const [locale, words] of [["en", "Fields and rules"], ["ru", "Поля и правила"]] as const) {
    await api.must("PATCH", "/me", { locale });
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto("/settings/fields?edit=deal%20field%20x_contract");
      await expect(form(page)).toBeVisible();
      await expect(page.getByText(words).first()).toBeAttached();
      await clean(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, `${locale} ${width}`).toBeLessThanOrEqual(0);
    }
  }
});
