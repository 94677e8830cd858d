/** Rows of a sale on the card: written by the keyboard, reckoned while they are written, refused where they are wrong. */
import type { Locator, Page } from "@playwright/test";
import type { Api, Row } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Hardware" });

const rowAt = (page: Page, number: number): Locator => page.getByRole("group", { name: new RegExp(`^Row ${number}:`) });

/** A drill for 33.33 with 20 % on top; in a list of the company's currency. */
async function catalogue(api: Api): Promise<{ tax: Row; drill: Row }> {
  const { tenant } = (await api.must<{ me: { tenant: { currency: string } } }>("GET", "/session")).me;
  const tax = await api.create("tax", { title: "VAT", code: "VAT", rate: 20 });
  const list = await api.create("price_list", { title: "Retail", list_currency: tenant.currency, tax_included: false });
  const drill = await api.create("product", { title: "Drill", unit: "pcs", tax: tax.id });
  await api.create("price", { title: "33.33", price_list: list.id, product: drill.id, price: 33.33 });
  return { tax, drill };
}

async function pickDrill(page: Page, row: Locator): Promise<void> {
  await expect(row.getByLabel("Product or service")).toBeFocused();
  await page.keyboard.type("Dri");
  await expect(page.getByRole("option", { name: "Drill" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(row.getByLabel("Price", { exact: true })).toHaveValue("33.33");
}

test("a quote of three rows is written by the keyboard, comes to 119.99, is saved and opened again", async ({ page, signIn, api }) => {
  await catalogue(api);
  const quote = await api.create("quote", { title: "Tools" });
  await signIn(page, `/records/quote/${quote.id}`);
  await expect(page.getByText("What is sold is written here")).toBeVisible();
  await page.getByRole("button", { name: "Add a row" }).focus();
  await page.keyboard.press("Enter");
  await pickDrill(page, rowAt(page, 1));
  // At the end of the rows Enter begins another one.
  await page.keyboard.press("Enter");
  await pickDrill(page, rowAt(page, 2));
  await page.keyboard.press("Enter");
  const third = rowAt(page, 3);
  await expect(third.getByLabel("Product or service")).toBeFocused();
  await page.keyboard.type("Sharpening");
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("Tab");
  await expect(third.getByLabel("Price", { exact: true })).toBeFocused();
  await page.keyboard.type("33.33");
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("Tab");
  await page.keyboard.type("VAT");
  await expect(page.getByRole("option", { name: /^VAT/ })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");

  await expect(page.getByTestId("sale-total")).toContainText("119.99");
  await expect(page.getByTestId("sale-net")).toContainText("99.99");
  await expect(page.getByTestId("sale-tax")).toContainText("20.00");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("button", { name: "Save rows" })).toHaveCount(0);
  expect((await api.get("quote", quote.id)).fields.amount).toBe(119.99);

  await page.reload();
  await expect(rowAt(page, 3).getByLabel("Product or service")).toHaveValue("Sharpening");
  await expect(page.getByTestId("sale-total")).toContainText("119.99");
  await expect(page.getByTestId("timeline-entry").first()).toContainText("3 rows, 119.99");
});

test("a wrong price is said at its row, and nothing is saved until it is mended", async ({ page, signIn, api }) => {
  const quote = await api.create("quote", { title: "Wrong", rows: [{ title: "First", price: 1 }, { title: "Second", price: 2 }] });
  await signIn(page, `/records/quote/${quote.id}`);
  const price = rowAt(page, 2).getByLabel("Price", { exact: true });
  await price.fill("-1");
  const reason = rowAt(page, 2).getByRole("alert");
  await expect(reason).toContainText("Price:");
  await expect(rowAt(page, 1).getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: "Save rows" }).click();
  await expect(reason).toContainText("Price:");
  expect((await api.get("quote", quote.id)).fields.amount).toBe(3);

  await price.fill("5");
  await expect(reason).toHaveCount(0);
  await price.press("Alt+ArrowUp");
  await expect(rowAt(page, 1).getByLabel("Price", { exact: true })).toBeFocused();
  // What is written is still there after a reload.
  await page.reload();
  await expect(rowAt(page, 1).getByLabel("Product or service")).toHaveValue("Second");
  await page.getByRole("button", { name: "Save rows" }).click();
  await expect(page.getByRole("button", { name: "Save rows" })).toHaveCount(0);
  expect((await api.get("quote", quote.id)).fields.amount).toBe(6);
});

test("somebody else's rows are not written over unasked", async ({ page, signIn, api }) => {
  const quote = await api.create("quote", { title: "Both", rows: [{ title: "Mine", price: 1 }] });
  await signIn(page, `/records/quote/${quote.id}`);
  await rowAt(page, 1).getByLabel("Price", { exact: true }).fill("7");
  await expect(page.getByTestId("sale-total")).toContainText("7.00");
  const theirs = { rows: [{ title: "Theirs", price: 2 }, { title: "Too", price: 2 }] };
  await api.must("PUT", `/records/quote/${quote.id}/rows`, theirs);
  await page.getByRole("button", { name: "Save rows" }).click();
  await expect(page.getByText("Somebody changed these rows while you were writing.")).toBeVisible();
  expect((await api.get("quote", quote.id)).fields.amount).toBe(4);
  await page.getByRole("button", { name: "Take theirs" }).click();
  await expect(rowAt(page, 2).getByLabel("Product or service")).toHaveValue("Too");
});

test("an issued invoice is only read, and says what to do instead", async ({ page, signIn, api }) => {
  const fields = { title: "Issued", document_date: "2026-11-29", rows: [{ title: "Work", price: 10 }] };
  const invoice = await api.create("invoice", fields);
  await api.must("POST", `/records/invoice/${invoice.id}/issue`, {});
  await signIn(page, `/records/invoice/${invoice.id}`);
  await expect(page.getByText("Correct it by a credit note")).toBeVisible();
  await expect(rowAt(page, 1)).toContainText("Work");
  await expect(rowAt(page, 1).getByRole("textbox")).toHaveCount(0);
  await expect(page.getByTestId("sale-total")).toContainText("10.00");
});

test("prices of today are shown beside those of the rows before they are taken", async ({ page, signIn, api }) => {
  const { tenant } = (await api.must<{ me: { tenant: { currency: string } } }>("GET", "/session")).me;
  const saw = await api.create("product", { title: "Saw" });
  const list = await api.create("price_list", { title: "Saws", list_currency: tenant.currency });
  await api.create("price", { title: "40", price_list: list.id, product: saw.id, price: 40 });
  const quote = await api.create("quote", { title: "Old prices", rows: [{ title: "Saw", product: saw.id, price: 35 }] });
  await signIn(page, `/records/quote/${quote.id}`);
  await page.getByRole("button", { name: "Refresh prices" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(/\$35\.00 → \$40\.00/);
  await dialog.getByRole("button", { name: "Take these" }).click();
  await expect(page.getByTestId("sale-total")).toContainText("40.00");
  expect((await api.get("quote", quote.id)).fields.amount).toBe(35);
  await page.getByRole("button", { name: "Save rows" }).click();
  await expect(page.getByRole("button", { name: "Save rows" })).toHaveCount(0);
  expect((await api.get("quote", quote.id)).fields.amount).toBe(40);
});

test("a lead says what somebody is interested in, without prices, on a phone too", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Interested" });
  await page.setViewportSize({ width: 390, height: 800 });
  await signIn(page, `/records/lead/${lead.id}`);
  await page.getByRole("button", { name: "Rows", exact: true }).click();
  await page.getByRole("button", { name: "Add a row" }).click();
  await page.keyboard.type("A shelf");
  await expect(rowAt(page, 1).getByLabel("Price", { exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Save rows" }).click();
  await expect(page.getByRole("button", { name: "Save rows" })).toHaveCount(0);
  expect((await api.get("lead", lead.id)).fields.rows).toMatchObject([{ title: "A shelf", quantity: 1 }]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(wide).toBe(false);
});
