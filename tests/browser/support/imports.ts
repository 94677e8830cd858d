/** The import wizard as a person uses it. */
import { expect, type Page } from "@playwright/test";

/** Uploads a CSV of leads, has it checked, imports what can be imported; ends on the import's result. */
export async function importLeads(page: Page, name: string, csv: string): Promise<void> {
  await page.goto("/imports/new?entity=lead");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({ name, mimeType: "text/csv", buffer: Buffer.from(csv, "utf8") });
  await page.getByRole("button", { name: "Check without importing" }).click();
  await expect(page.getByText("Checked; nothing is written yet")).toBeVisible();
  await page.getByRole("button", { name: /^Import \d+ rows?$/ }).click();
  await expect(page.getByText("The import is done")).toBeVisible();
}
