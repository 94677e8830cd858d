/** The configuration by an administrator: out as a file, in again, and the way back. */
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Configuration" });

interface Rules {
  items: { id: string; rule: { name: string } }[];
}

const upload = (page: Page, name: string, buffer: Buffer) =>
  page.getByTestId("file-input").setInputFiles({ name, mimeType: "application/zip", buffer });

test("what was taken along comes back from the file, and goes again as a whole", async ({ page, signIn, api }) => {
  const rule = { name: "Dear", check: "record.amount > 5", message: { en: "Too little." } };
  const made = await api.must<{ id: string }>("POST", "/validation-rules", { entity: "deal", rule });
  const names = async () =>
    (await api.must<Rules>("GET", "/validation-rules?entity=deal")).items.map(({ rule: { name } }) => name);
  await signIn(page, "/settings/configuration");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download", exact: true }).click();
  const file = await readFile(await (await download).path());

  const into = page.getByRole("region", { name: "Take in", exact: true });
  await upload(page, "configuration.zip", file);
  await expect(into).toContainText("Everything is there already");

  await api.must("DELETE", `/validation-rules/${made.id}`);
  await upload(page, "configuration.zip", file);
  const plan = into.getByRole("table", { name: "What it would do" });
  await expect(plan).toContainText("deal.Dear");
  await expect(plan.getByRole("row")).toHaveCount(2);
  expect(await names()).toEqual([]);
  await page.screenshot({ path: test.info().outputPath("plan.png"), fullPage: true });
  await into.getByRole("button", { name: "Take it in" }).click();
  await expect(into).toContainText("The configuration is taken in.");
  expect(await names()).toEqual(["Dear"]);

  const changes = page.getByRole("table", { name: "Changes" });
  await expect(changes).toContainText("took configuration in");
  await changes.getByRole("button", { name: "Restore: Created: 1, changed: 0" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Show what changes" }).click();
  await expect(dialog.getByRole("table", { name: "What it would do" })).toContainText("Goes");
  await dialog.getByRole("button", { name: "Restore", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  expect(await names()).toEqual([]);
  await expect(changes).toContainText("removed a rule");
});

test("a file that is none is refused in words", async ({ page, signIn }) => {
  await signIn(page, "/settings/configuration");
  await upload(page, "picture.zip", Buffer.from("no zip at all"));
  const into = page.getByRole("region", { name: "Take in", exact: true });
  await expect(into.getByRole("alert")).toContainText("This is no zip file");
  await expect(into.getByRole("button", { name: "Take it in" })).toHaveCount(0);
});
