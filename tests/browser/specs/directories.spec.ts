/** Directories by an administrator: a list of one's own for a field, the product's options arranged, and two items that become one. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Directories" });

const dialog = (page: Page): Locator => page.getByRole("dialog");

async function choose(page: Page, label: string, option: string): Promise<void> {
  const named = dialog(page).getByRole("combobox", { name: label, exact: true });
  await named.or(dialog(page).getByLabel(label, { exact: true })).first().click();
  await page.getByRole("option", { name: option }).first().click();
}

interface Directory {
  key: string;
  items: { key: string; name: string; archived: boolean; parent: string | null }[];
}

test("a list is made, nested and given to a field that people then fill in", async ({ page, signIn, api }) => {
  await signIn(page, "/settings/directories");
  await expect(page.getByText("No lists of your own yet", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "Add a directory" }).first().click();
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toContainText("A name in one language, please.");
  await dialog(page).getByLabel("Name (English)").fill("Regions");
  await dialog(page).getByLabel("Name (Русский)").fill("Регионы");
  await dialog(page).getByLabel("Items").fill("Ukraine\nPoland\nKyiv");
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Regions" })).toBeVisible();

  // Kyiv stands under Ukraine, Poland goes up by keys.
  await page.getByTestId("item-x_kyiv").getByText("Kyiv", { exact: true }).click();
  await choose(page, "Stands under", "Ukraine");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  const rows = page.getByRole("list", { name: "Items" }).getByRole("listitem");
  await expect(rows).toHaveText([/Ukraine/, /Kyiv/, /Poland/]);
  await rows.nth(2).getByRole("button").first().focus();
  await page.keyboard.press("Alt+ArrowUp");
  await expect(rows).toHaveText([/Poland/, /Ukraine/, /Kyiv/]);
  await expect(page.getByText("Not saved yet")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Not saved yet")).toHaveCount(0);
  const made = await api.must<Directory>("GET", "/directories/x_regions");
  expect(made.items.map(({ key, parent }) => [key, parent])).toEqual([
    ["x_poland", null],
    ["x_ukraine", null],
    ["x_kyiv", "x_ukraine"],
  ]);
  await page.screenshot({ path: test.info().outputPath("editor.png"), fullPage: true });

  await page.goto("/settings/fields?edit=company");
  await page.getByRole("button", { name: "Add field" }).click();
  await dialog(page).getByLabel("Name in English").fill("Region");
  await choose(page, "Type", "One of a list");
  await choose(page, "Options come from", "Regions");
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  const company = await api.create("company", { title: "Acme", x_region: "x_kyiv" });
  await page.goto(`/records/company/${company.id}`);
  await expect(page.getByText("Kyiv").first()).toBeVisible();
});

test("options of the product are renamed and archived", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Fair", source: "event" });
  await signIn(page, "/settings/directories");
  await page.getByTestId("directory-source").click();
  await page.getByTestId("item-web").getByText("Website", { exact: true }).click();
  await dialog(page).getByLabel("Name (English)").fill("Our site");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "What to do: Event" }).click();
  await expect(page.getByRole("menuitem", { name: "Take away" })).toHaveCount(0);
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Not saved yet")).toHaveCount(0);
  const source = await api.must<Directory>("GET", "/directories/source");
  expect(source.items.find(({ key }) => key === "web")?.name).toBe("Our site");
  expect(source.items.find(({ key }) => key === "event")?.archived).toBe(true);
  await page.goto(`/records/lead/${lead.id}`);
  await expect(page.getByText("Event").first()).toBeVisible();
});

test("two items become one after one has seen how many records follow, and undo brings both back", async ({
  page,
  signIn,
  api,
}) => {
  const items = ["South", "East"].map((name) => ({ key: name.toLowerCase(), label: { en: name } }));
  await api.must("POST", "/directories", { label: { en: "Areas" }, items });
  await api.must("POST", "/entities/company/fields", {
    label: { en: "Area" },
    type: "choice",
    directory: "x_areas",
  });
  const company = await api.create("company", { title: "Follows", x_area: "east" });
  await signIn(page, "/settings/directories");
  await page.getByTestId("directory-x_areas").click();
  await page.getByRole("button", { name: "What to do: East" }).click();
  await page.getByRole("menuitem", { name: "Merge into another…" }).click();
  await choose(page, "It becomes", "South");
  await dialog(page).getByRole("button", { name: "Merge", exact: true }).click();
  await expect(page.getByTestId("item-east")).toHaveCount(0);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByTestId("directory-effects")).toContainText("1 record gets another value.");
  await page.screenshot({ path: test.info().outputPath("merging.png") });
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved. 1 record was changed.")).toBeVisible();
  expect((await api.get("company", company.id)).fields.x_area).toBe("south");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByTestId("item-east")).toBeVisible();
  expect((await api.get("company", company.id)).fields.x_area).toBe("east");
});

for (const [locale, title] of [
  ["en", "Directories"],
  ["ru", "Справочники"],
  ["uk", "Довідники"],
] as const) {
  test(`directories fit a phone, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PATCH", "/me", { locale });
    await page.setViewportSize({ width: 390, height: 844 });
    await signIn(page, "/settings/directories");
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    await page.getByTestId("directory-source").click();
    await expect(page.getByTestId("item-web")).toBeVisible();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(wide).toBe(false);
    await page.screenshot({ path: test.info().outputPath(`phone-${locale}.png`), fullPage: true });
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
