/** Rules of automation by an administrator: one that answers a won deal, what it would have done, and what failed. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Automation" });

const dialog = (page: Page): Locator => page.getByRole("dialog");

async function choose(page: Page, label: string, option: string): Promise<void> {
  await dialog(page).getByRole("combobox", { name: label, exact: true }).or(dialog(page).getByLabel(label, { exact: true })).first().click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

test("a won deal makes a task and a notice, and the past is counted first", async ({ page, signIn, api }) => {
  await api.create("deal", { title: "Won before", stage: "won" });
  const deal = await api.create("deal", { title: "Big one", stage: "quote" });
  await signIn(page);
  await page.goto("/settings/automation");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await dialog(page).getByLabel("Name", { exact: true }).fill("Stage won");
  await choose(page, "When", "It enters a stage");
  await choose(page, "Stage", "Won");
  const first = dialog(page).getByRole("group", { name: "Action 1" });
  await dialog(page).getByRole("button", { name: "Add an action" }).click();
  const second = dialog(page).getByRole("group", { name: "Action 2" });
  await second.getByLabel("Text", { exact: true }).fill("{{record.title}} is won");
  // Without a title the task is refused where it stands.
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(first).toContainText("Required.");
  await first.getByLabel("What is to be done").fill("Thank for {{record.title}}");
  await dialog(page).getByRole("button", { name: "Count" }).click();
  const outcome = page.getByTestId("dry-run");
  await expect(outcome).toContainText("Won before");
  await page.screenshot({ path: test.info().outputPath("form.png") });
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole("table", { name: "Rules of automation" })).toContainText("Stage won");

  await page.goto(`/records/deal/${deal.id}`);
  await page.getByTestId("stage-won").click();
  await expect
    .poll(async () => (await api.must<{ items: { title: string }[] }>("GET", "/tasks")).items.map(({ title }) => title))
    .toContain("Thank for Big one");
  await page.goto("/tasks");
  await expect(page.getByText("Thank for Big one").first()).toBeVisible();
  const told = await api.must<{ items: { text: string }[] }>("GET", "/notifications");
  expect(told.items.map(({ text }) => text)).toContain("Big one is won");

  await page.goto("/settings/automation");
  const runs = page.getByRole("table", { name: "What rules did" });
  await expect(runs).toContainText("Big one");
  await expect(runs).toContainText("Done");
  await page.screenshot({ path: test.info().outputPath("runs.png"), fullPage: true });
});

test("a rule is switched off, moved, and what failed is tried again", async ({ page, signIn, api }) => {
  const on = { event: "created" };
  const bad = { kind: "webhook", parameters: { url: "http://127.0.0.1:9/" } };
  for (const name of ["one", "two"]) {
    await api.must("POST", "/automations", { entity: "lead", rule: { name, on, do: [bad] } });
  }
  await api.create("lead", { title: "Fails" });
  await signIn(page);
  await page.goto("/settings/automation?edit=lead");
  const rules = page.getByRole("table", { name: "Rules of automation" });
  await page.getByRole("button", { name: "two: up" }).click();
  await expect(rules.getByRole("row").nth(1)).toContainText("two");
  await page.getByRole("switch", { name: "one: on" }).click({ force: true });
  await expect(page.getByRole("switch", { name: "one: on" })).not.toBeChecked();
  const runs = page.getByRole("table", { name: "What rules did" }).getByRole("row").filter({ hasText: "Fails" });
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect(runs).toHaveCount(2, { timeout: 1_000 });
    await expect(runs.first()).toContainText("Failed", { timeout: 1_000 });
  }).toPass();
  await runs.getByRole("button", { name: "Try again" }).first().click();
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect(runs.getByText("Failed")).toHaveCount(2, { timeout: 1_000 });
  }).toPass();
});

for (const [locale, title] of [
  ["en", "Rules of automation"],
  ["ru", "Правила автоматизации"],
  ["uk", "Правила автоматизації"],
] as const) {
  test(`rules fit a phone and a desk, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PATCH", "/me", { locale });
    await signIn(page);
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto("/settings/automation");
      await expect(page.getByRole("heading", { name: title })).toBeVisible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: test.info().outputPath(`rules-${width}.png`), fullPage: true });
    }
    await page.goto("/settings/automation?edit=deal%20rule%20new");
    await expect(dialog(page)).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("form-390.png") });
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
