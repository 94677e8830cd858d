/** Tabs of a card: arranged by an administrator by keys, with a list of related records, seen by everybody in their language. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Tabs" });
test.describe.configure({ mode: "serial" });

const dialog = (page: Page): Locator => page.getByRole("dialog");

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("a tab with a field and a list of deals is arranged by keys and stands on the card", async ({ page, signIn, api }) => {
  const layout = { sections: [{ title: { en: "Main part" }, fields: ["industry", "revenue"] }] };
  await api.must("PUT", "/layouts", { of: { entity: "company" }, layout });
  const company = await api.create("company", { title: "Harbour" });
  const deal = await api.create("deal", { title: "Cranes", amount: 700, company: company.id });
  await api.create("deal", { title: "Of somebody else", amount: 5 });
  await signIn(page, "/settings/fields?edit=company");
  const rows = page.getByRole("list", { name: "Tabs, sections and fields of the card" });
  await page.getByRole("button", { name: "Add tab" }).click();
  await dialog(page).getByLabel("Name (English)").fill("Money");
  await dialog(page).getByLabel("Name (Русский)").fill("Деньги");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await expect(rows.getByTestId("layout-tab-Money")).toBeVisible();
  // One step of the keys leads over the name of the tab: the field stands in a section of its name.
  await rows.getByRole("button", { name: /^Move: Revenue/ }).focus();
  await page.keyboard.press("Alt+ArrowDown");
  await expect(rows.getByTestId("layout-Money")).toBeVisible();
  await page.getByRole("button", { name: "Add list" }).click();
  await page.getByRole("menuitem", { name: "Deals", exact: true }).click();
  const list = rows.getByTestId("layout-related-deal-company");
  await list.getByRole("button", { name: /^Deals/ }).click();
  await dialog(page).getByRole("combobox", { name: "Beside the title" }).or(dialog(page).getByLabel("Beside the title")).first().fill("Amount");
  await page.getByRole("option", { name: "Amount", exact: true }).click();
  await dialog(page).getByLabel("Rows at first").fill("5");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await clean(page);
  await page.getByRole("button", { name: "Save arrangement" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  await page.goto(`/records/company/${company.id}`);
  const tabs = page.getByRole("navigation", { name: "Company" });
  await expect(page.getByTestId("field-industry")).toBeVisible();
  await expect(page.getByTestId("field-revenue")).toHaveCount(0);
  await tabs.getByRole("button", { name: "Main" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(tabs.getByRole("button", { name: "Money" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("field-revenue")).toBeVisible();
  await expect(page.getByTestId("field-industry")).toHaveCount(0);
  const deals = page.getByRole("region", { name: "Deals" });
  await expect(deals.getByTestId(`related-${deal.id}`)).toContainText("700");
  await expect(deals).not.toContainText("Of somebody else");
  await clean(page);

  // The tab stands in the address; at the width of a phone nothing is cut off.
  await page.setViewportSize({ width: 390, height: 780 });
  await page.reload();
  await expect(page.getByTestId("field-revenue")).toBeVisible();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await api.must("PATCH", "/me", { locale: "ru" });
  await page.reload();
  await expect(page.getByRole("button", { name: "Деньги", exact: true })).toBeVisible();
  await api.must("PATCH", "/me", { locale: "en" });
});

test("a new deal that is made from the list stands in it", async ({ page, signIn, api }) => {
  const company = await api.create("company", { title: "Shipyard" });
  await signIn(page, `/records/company/${company.id}?tab=tab_0`);
  const deals = page.getByRole("region", { name: "Deals" });
  await expect(deals).toContainText("No records yet.");
  await deals.getByRole("button", { name: "Add: Deal" }).click();
  await dialog(page).getByLabel(/^Title/).fill("Dry dock");
  await dialog(page).getByRole("button", { name: "Create", exact: true }).click();
  await expect(deals.getByRole("link", { name: "Dry dock" })).toBeVisible();
  expect((await api.byTitle("deal", ["Dry dock"])).get("Dry dock")?.fields.company).toBe(company.id);
});

test("the tab of a field that could not be saved opens itself", async ({ page, signIn, api }) => {
  await api.must("POST", "/entities/company/fields", { key: "x_floors", label: { en: "Floors" }, type: "integer" });
  const rule = { name: "low", check: "!(record.x_floors > 9)", field: "x_floors", message: { en: "Nothing is that high here" } };
  await api.must("POST", "/validation-rules", { entity: "company", rule });
  const tab = { title: { en: "House" }, sections: [{ title: { en: "Size" }, fields: ["x_floors"] }] };
  const layout = { sections: [{ title: { en: "Main part" }, fields: ["industry"] }], tabs: [tab] };
  await api.must("PUT", "/layouts", { of: { entity: "company" }, layout });
  const { id } = await api.create("company", { title: "Tower" });
  await signIn(page);
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  await page.route(`**/api/v1/records/company/${id}`, async (route) => {
    if (route.request().method() === "PATCH") await held;
    await route.continue();
  });
  await page.goto(`/records/company/${id}?tab=tab_0`);
  const tabs = page.getByRole("navigation", { name: "Company" });
  const floors = page.getByTestId("field-x_floors");
  await floors.locator("[data-edit]").click();
  await floors.getByRole("textbox").first().fill("40");
  await page.keyboard.press("Enter");
  await tabs.getByRole("button", { name: "Main" }).click();
  await expect(floors).toHaveCount(0);
  goOn();
  await expect(floors).toContainText("Nothing is that high here");
  await expect(tabs.getByRole("button", { name: /^House/ })).toHaveAttribute("aria-current", "page");
  await expect(tabs.getByRole("button", { name: /^House.*Some of it is not saved/ })).toBeVisible();
  // What was typed is there, and going elsewhere stays possible.
  await expect(floors).toContainText("40");
  await tabs.getByRole("button", { name: "Main" }).click();
  await expect(page.getByTestId("field-industry")).toBeVisible();
  await expect(floors).toHaveCount(0);
});
