/** Pipelines by an administrator: from nothing to changed stages, and a move that their rules refuse. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Pipelines" });

const dialog = (page: Page): Locator => page.getByRole("dialog");

async function openMain(page: Page): Promise<void> {
  await page.goto("/settings/pipelines");
  await page.getByTestId("pipeline-deal-main").click();
  await expect(page.getByTestId("stage-row-quote")).toBeVisible();
}

test("a pipeline is made from nothing, its stages are added, ordered and named", async ({ page, signIn }) => {
  await signIn(page, "/settings/pipelines");
  await page.getByRole("button", { name: "Add a pipeline" }).click();
  await dialog(page).getByLabel("Name (English)").fill("Partners");
  await dialog(page).getByLabel("Name (Русский)").fill("Партнёры");
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Deals: Partners" })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("made.png"), fullPage: true });

  await page.getByRole("button", { name: "Add a stage" }).click();
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toContainText("A name in one language, please.");
  await dialog(page).getByLabel("Name (English)").fill("Agreement");
  await dialog(page).getByLabel("Time limit", { exact: true }).fill("2");
  await page.screenshot({ path: test.info().outputPath("stage.png") });
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  const rows = page.getByRole("list", { name: "Stages" }).getByRole("listitem");
  await expect(rows.nth(2)).toContainText("Agreement");
  // By keys: the new stage goes up by one.
  await rows.nth(2).getByRole("button").first().focus();
  await page.keyboard.press("Alt+ArrowUp");
  await expect(rows.nth(1)).toContainText("Agreement");
  await expect(page.getByText("Not saved yet")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Not saved yet")).toHaveCount(0);
  await page.goto("/records/deal/board");
  await page.getByLabel("Pipeline", { exact: true }).first().click();
  await page.getByRole("option", { name: "Partners" }).click();
  await expect(page.getByTestId("board-column-agreement")).toBeVisible();
});

test("a stage with records goes only after one has seen where they move", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Pipes", stage: "quote" });
  await signIn(page);
  await openMain(page);
  await page.getByRole("button", { name: "Take away: Quote sent" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  const effects = page.getByTestId("pipeline-effects");
  await expect(effects).toContainText("Choose where the records move.");
  const save = dialog(page).getByRole("button", { name: "Save" });
  await expect(save).toBeDisabled();
  await dialog(page).getByLabel(/record in “Quote sent” moves to/).click();
  await page.getByRole("option", { name: "Negotiation" }).click();
  await expect(effects).toContainText("1 record will be moved.");
  await page.screenshot({ path: test.info().outputPath("moving.png") });
  await save.click();
  await expect(page.getByText("Saved. 1 record was moved.")).toBeVisible();
  expect((await api.get("deal", deal.id)).fields.stage).toBe("negotiation");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByTestId("stage-row-quote")).toBeVisible();
  expect((await api.get("deal", deal.id)).fields.stage).toBe("quote");
});

test("a refused move tells everything that is missing and lets one fill it in", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Refused", amount: 0 });
  await signIn(page);
  await openMain(page);
  await page.getByTestId("stage-row-contract").getByText("Contract", { exact: true }).click();
  await dialog(page).getByLabel("Fields that must be filled in").click();
  await page.getByRole("option", { name: "Expected close" }).click();
  await page.keyboard.press("Escape");
  await dialog(page).getByLabel("Condition").fill("record.amount >");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByTestId("stage-row-contract").getByRole("alert")).toBeVisible();
  await page.getByTestId("stage-row-contract").getByText("Contract", { exact: true }).click();
  await dialog(page).getByLabel("Condition").fill("record.amount > 0");
  await dialog(page).getByLabel("What people read when it is not (English)").fill("Agree on the sum first.");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Not saved yet")).toHaveCount(0);

  await page.goto(`/records/deal/${deal.id}`);
  await page.getByTestId("stage-contract").click();
  const reasons = page.getByTestId("refusal-conditions");
  await expect(reasons).toContainText("Fill in “Expected close”.");
  await expect(reasons).toContainText("Agree on the sum first.");
  await page.screenshot({ path: test.info().outputPath("refused.png") });
  await dialog(page).getByLabel("Amount").first().fill("500");
  await dialog(page).getByLabel("Expected close").first().fill("2026-12-24");
  await page.keyboard.press("Tab");
  await dialog(page).getByRole("button", { name: "Move to “Contract”" }).click();
  await expect(dialog(page)).toHaveCount(0);
  const moved = await api.get("deal", deal.id);
  expect([moved.fields.stage, moved.fields.amount]).toEqual(["contract", 500]);
});

test("a stage with a task is left when the task is done", async ({ page, signIn, api }) => {
  await signIn(page);
  await openMain(page);
  await page.getByTestId("stage-row-negotiation").getByText("Negotiation", { exact: true }).click();
  await dialog(page).getByLabel("There is a task").click({ force: true });
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByTestId("stage-row-negotiation").getByRole("alert"), "it needs a title").toBeVisible();
  await page.getByTestId("stage-row-negotiation").getByText("Negotiation", { exact: true }).click();
  await dialog(page).getByLabel("What is to be done (English)").fill("Agree on the terms");
  await page.screenshot({ path: test.info().outputPath("task.png") });
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Not saved yet")).toHaveCount(0);

  const deal = await api.create("deal", { title: "With a task", stage: "negotiation" });
  await page.goto(`/records/deal/${deal.id}`);
  await page.getByTestId("stage-payment").click();
  await expect(page.getByTestId("stage-refusal")).toContainText("Agree on the terms");
  const open = `/tasks?state=open&subject=deal:${deal.id}`;
  const { items } = await api.must<{ items: { id: string; title: string }[] }>("GET", open);
  expect(items.map(({ title }) => title)).toEqual(["Agree on the terms"]);
  await api.must("POST", `/tasks/${items[0]?.id}/complete`, {});
  await page.getByTestId("stage-payment").click();
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.stage).toBe("payment");
});

for (const [locale, title] of [
  ["en", "Stages"],
  ["ru", "Стадии"],
] as const) {
  test(`the editor fits a phone and a desk, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PATCH", "/me", { locale });
    await signIn(page, "/settings/pipelines");
    await page.getByTestId("pipeline-deal-main").click();
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await expect(page.getByRole("heading", { name: title })).toBeVisible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: test.info().outputPath(`editor-${width}.png`), fullPage: true });
    }
    await page.getByTestId("stage-row-quote").locator("button").nth(1).click();
    await expect(dialog(page)).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("form-390.png") });
    await page.keyboard.press("Escape");
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
