/** Personal links: made from a card, opened by somebody without an account, who accepts a quote and writes; revoked. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Guests" });

async function linkFrom(page: Page, label: string): Promise<string> {
  await page.getByRole("button", { name: "Actions" }).first().click();
  await page.getByRole("menuitem", { name: "Personal links" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("For whom").fill(label);
  await dialog.getByRole("button", { name: "Make a link" }).click();
  const address = await dialog.getByText(/\/g#[0-9a-f]{64}$/).innerText();
  return new URL(address).pathname + new URL(address).hash;
}

test("a quote is accepted by a guest, who sees the card and writes", async ({ page, secondPage, signIn, api }) => {
  const rows = [{ title: "Work on site", quantity: 2, price: 1500 }];
  const client = await api.create("company", { title: "Ganok" });
  const offer = { title: "Offer for Ganok", company: client.id, currency: "USD", rows, comments: "never shown" };
  const quote = await api.create("quote", offer);
  await api.must("POST", `/records/quote/${quote.id}/send`, {});
  await signIn(page, `/records/quote/${quote.id}`);
  const link = await linkFrom(page, "Ivan of Ganok");
  await page.screenshot({ path: test.info().outputPath("share.png") });

  // Another browser, with no session at all.
  await secondPage.goto(link);
  await expect(secondPage.getByRole("heading", { name: /Offer for Ganok/ })).toBeVisible();
  await expect(secondPage.getByText("Work on site")).toBeVisible();
  await expect(secondPage.getByText("never shown")).toHaveCount(0);
  await expect(secondPage.getByRole("button", { name: "Download the PDF" })).toBeVisible();
  await secondPage.screenshot({ path: test.info().outputPath("guest.png"), fullPage: true });
  const answer = secondPage.getByRole("form", { name: "Your answer" });
  await answer.getByRole("button", { name: "Accept" }).click();
  await expect(answer).toContainText("Required.");
  await answer.getByLabel("Your name").fill("Ivan");
  await answer.getByLabel("Comment").fill("Begin on Monday");
  // Enter in the name is no answer.
  await answer.getByLabel("Your name").press("Enter");
  await expect(answer.getByRole("button", { name: "Accept" })).toBeEnabled();
  await answer.getByRole("button", { name: "Accept" }).click();
  await expect(secondPage.getByText(/^Accepted: Ivan/)).toBeVisible();
  await expect(answer).toHaveCount(0);
  const accepted = await api.must<{ fields: { state: string } }>("GET", `/records/quote/${quote.id}`);
  expect(accepted.fields.state).toBe("accepted");

  // A discussion: the guest writes, the company answers, other notes stay inside.
  const write = secondPage.getByRole("form", { name: "Write" });
  await write.getByLabel("Message").fill("Who comes?");
  await write.getByRole("button", { name: "Send" }).click();
  await expect(secondPage.getByText("Who comes?")).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Actions" }).first().click();
  await page.getByRole("menuitem", { name: "Personal links" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Ivan of Ganok");
  await dialog.getByRole("button", { name: "Answer Ivan of Ganok" }).click();
  const reply = dialog.getByRole("form", { name: "Answer Ivan of Ganok" });
  await reply.getByLabel("Message").fill("Our best team");
  await reply.getByRole("button", { name: "Send" }).click();
  await expect(reply).toHaveCount(0);
  await secondPage.reload();
  await expect(secondPage.getByText("Our best team")).toBeVisible();

  // Revoked, the page says whom to ask.
  await dialog.getByRole("button", { name: "Revoke the link for Ivan of Ganok" }).click();
  await expect(dialog.getByRole("button", { name: "Revoke the link for Ivan of Ganok" })).toHaveCount(0);
  await secondPage.reload();
  await expect(secondPage.getByText("This link no longer works")).toBeVisible();
  await expect(secondPage.getByText(/Ask whoever sent it/)).toBeVisible();
});

for (const [locale, title] of [
  ["en", "This link no longer works"],
  ["ru", "Ссылка больше не действует"],
  ["uk", "Посилання більше не діє"],
] as const) {
  test(`a guest's page fits a phone, ${locale}`, async ({ page, api }) => {
    const deal = await api.create("deal", { title: "A deal with a title that is long enough to need a second line", amount: 4711, currency: "USD" });
    const made = await api.must<{ path: string }>("POST", `/records/deal/${deal.id}/share`, { scope: "comment", label: "Phone" });
    await page.addInitScript((code) => {
      // An empty page has no storage.
      if (location.protocol !== "about:") localStorage.setItem("verstak.locale", code);
    }, locale);
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto("about:blank");
      await page.goto(made.path);
      await expect(page.getByRole("heading", { name: /A deal with a title/ })).toBeVisible();
      await expect(page.getByText(/\$\s?4.?711|4.?711\s?\$/).first()).toBeVisible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: test.info().outputPath(`guest-${width}.png`), fullPage: true });
    }
    // Another link in the same tab.
    await page.goto(`/g#${"0".repeat(64)}`);
    await expect(page.getByText(title)).toBeVisible();
  });
}
