/** Numbers and days are read as the person's language writes them; what cannot be read stays where it was typed. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Numbers" });

async function edit(page: Page, key: string, text: string): Promise<Locator> {
  const field = page.getByTestId(`field-${key}`);
  await field.locator("[data-edit]").click();
  const input = field.locator("input:not([type=hidden])").first();
  await input.fill(text);
  await input.press("Enter");
  return field;
}

for (const { locale, amount, day, shown } of [
  { locale: "en", amount: "1,045,800", day: "12/20/2026", shown: "Dec 20, 2026" },
  { locale: "ru", amount: "1 045 800,00", day: "20.12.2026", shown: "20 дек. 2026" },
  { locale: "uk", amount: "1045800", day: "20/12/2026", shown: "20 груд. 2026" },
] as const) {
  test(`in ${locale}, ${amount} and ${day} are what they say`, async ({ page, signIn, api }) => {
    const deal = await api.create("deal", { title: `Deal ${locale}` });
    await api.must("PATCH", "/me", { locale });
    await signIn(page, `/records/deal/${deal.id}`);
    await edit(page, "amount", amount);
    await expect.poll(async () => (await api.get("deal", deal.id)).fields.amount).toBe(1_045_800);
    await expect(await edit(page, "close_date", day)).toContainText(shown);
    await expect.poll(async () => (await api.get("deal", deal.id)).fields.close_date).toBe("2026-12-20");
    await api.must("PATCH", "/me", { locale: "en" });
  });
}

test("what cannot be read is said, stays in the field, and lets the person go on", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Unread", amount: 7 });
  await signIn(page, `/records/deal/${deal.id}`);
  const amount = await edit(page, "amount", "1,04,58");
  await expect(amount).toContainText("This is not a number");
  await expect(amount.getByRole("textbox")).toHaveValue("1,04,58");
  const close = page.getByTestId("field-close_date");
  await edit(page, "close_date", "31.02.2026");
  await expect(close).toContainText("This is not a date");
  await page.getByRole("textbox", { name: "Note" }).click();
  await page.keyboard.type("Elsewhere");
  await expect(amount.getByRole("textbox")).toHaveValue("1,04,58");
  expect((await api.get("deal", deal.id)).fields.amount).toBe(7);
  await amount.getByRole("textbox").fill("1,045");
  await amount.getByRole("textbox").press("Enter");
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.amount).toBe(1_045);
});

test("Tab goes from an amount to its currency and on to the next field", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Tab" });
  await signIn(page, `/records/deal/${deal.id}`);
  const amount = page.getByTestId("field-amount");
  await amount.locator("[data-edit]").click();
  await page.keyboard.type("250");
  await page.keyboard.press("Tab");
  await expect(amount.getByLabel("Currency").first()).toBeFocused();
  await page.keyboard.press("Tab");
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.amount).toBe(250);
  await expect(amount.getByRole("textbox")).toHaveCount(0);
  await expect(page.locator("[data-field-row] input:focus")).toHaveCount(1);
});
