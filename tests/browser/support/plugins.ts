/** The plugins page as an administrator uses it. */
import { expect, type Page } from "@playwright/test";
import { LEAD_DESK, packageFile } from "./api.ts";

/** Installs the package from its file; ends on the plugin's own page. */
export async function installLeadDesk(page: Page): Promise<void> {
  await page.goto("/plugins");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles(packageFile("lead-desk"));
  await expect(page).toHaveURL(new RegExp(`/plugins/${LEAD_DESK}`));
}

/** From the plugin's own page: looks at what it asks for and allows it. */
export async function allowAndSwitchOn(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Switch on…" }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("To check and tidy leads when they are saved")).toBeVisible();
  await dialog.getByRole("button", { name: "Allow and switch on" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Switch on…" })).toHaveCount(0);
}
