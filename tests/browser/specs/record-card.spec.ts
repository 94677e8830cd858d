/** A record's card: values edited where they stand, the stage bar with a plugin's refusal, the timeline of it all. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Southwind" });

const NEEDS_AMOUNT = "Fill in the amount before moving the lead to this stage";

async function edit(page: Page, field: string, text: string, key: "Enter" | "Escape"): Promise<Locator> {
  const row = page.getByTestId(`field-${field}`);
  await row.locator("[data-edit]").click();
  const input = row.getByRole("textbox").first();
  await input.fill(text);
  await input.press(key);
  return row;
}

test("Enter saves a value, Escape puts the old one back, and a reload shows what was saved", async ({
  page,
  signIn,
  api,
}) => {
  const lead = await api.create("lead", { title: "Pottery", emails: [{ value: "clay@example.org", kind: "work" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  await expect(await edit(page, "title", "Pottery school", "Enter")).toContainText("Pottery school");
  await expect(await edit(page, "title", "Never saved", "Escape")).toContainText("Pottery school");
  await page.reload();
  await expect(page.getByTestId("field-title")).toContainText("Pottery school");
  expect((await api.get("lead", lead.id)).fields.title).toBe("Pottery school");
});

test("the stage bar says why a stage is refused, and moves once the reason is gone", async ({ page, signIn, api }) => {
  await api.enableLeadDesk();
  const lead = await api.create("lead", { title: "Brewery", emails: [{ value: "hops@example.org", kind: "work" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  await page.getByTestId("stage-converted").click();
  await expect(page.getByTestId("stage-refusal")).toContainText(NEEDS_AMOUNT);
  expect((await api.get("lead", lead.id)).fields.stage).toBe(lead.fields.stage);

  await edit(page, "amount", "2500", "Enter");
  await expect.poll(async () => (await api.get("lead", lead.id)).fields.amount).toBe(2500);
  // A lead is won by converting it: that is offered, and no refusal is shown.
  await page.getByTestId("stage-converted").click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page.getByTestId("stage-refusal")).toHaveCount(0);
  await page.getByRole("dialog").getByRole("button", { name: "Convert", exact: true }).click();
  await expect(page).toHaveURL(/\/records\/deal\//);
  await page.goBack();
  await expect.poll(async () => (await api.get("lead", lead.id)).fields.stage).toBe("converted");
  await expect(page.getByTestId("timeline-entry").first()).toBeVisible();
});

test("a stage that the record was moved past is marked as skipped, one that it stood in as passed", async ({
  page,
  signIn,
  api,
}) => {
  const lead = await api.create("lead", { title: "Orchard", emails: [{ value: "pear@example.org", kind: "work" }] });
  await api.must("POST", `/records/lead/${lead.id}/stage`, { stage: "qualified" });
  await page.setViewportSize({ width: 1600, height: 900 });
  await signIn(page, `/records/lead/${lead.id}`);
  await expect(page.getByTestId("stage-new")).toHaveAttribute("data-passed", "true");
  await expect(page.getByTestId("stage-in_progress")).toHaveAttribute("data-skipped", "true");
  await expect(page.getByTestId("stage-in_progress")).toHaveAccessibleName(/, skipped$/);
  await expect(page.getByTestId("stage-proposal")).toHaveAttribute("data-skipped", "false");
});

test("a note written on the timeline is there for a colleague", async ({ page, secondPage, signIn, api }) => {
  const lead = await api.create("lead", { title: "Museum", emails: [{ value: "art@example.org", kind: "work" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  const note = page.getByRole("textbox", { name: "Note" });
  await note.fill("They want a visit");
  await note.press("Control+Enter");
  await expect(page.getByTestId("timeline-entry").filter({ hasText: "They want a visit" })).toBeVisible();

  await signIn(secondPage, `/records/lead/${lead.id}`);
  await expect(secondPage.getByTestId("timeline-entry").filter({ hasText: "They want a visit" })).toBeVisible();
});

test("a task is set from the timeline, stands at home with what it is about, and is finished on the timeline", async ({
  page,
  signIn,
  api,
}) => {
  const lead = await api.create("lead", { title: "Florist", emails: [{ value: "rose@example.org", kind: "work" }] });
  await signIn(page, `/records/lead/${lead.id}`);
  await page.getByRole("button", { name: "Add a task" }).click();
  const form = page.getByRole("dialog");
  await form.getByRole("textbox", { name: "Title" }).fill("Send the price of roses");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const entry = page.getByTestId("timeline-entry").filter({ hasText: "Send the price of roses" });
  await expect(entry).toBeVisible();

  await page.goto("/");
  const mine = page.getByRole("region", { name: "My tasks" });
  await expect(mine.getByRole("link", { name: "Florist", exact: true }).first()).toBeVisible();
  await mine.getByRole("link", { name: "Send the price of roses" }).click();
  await page.getByRole("main").getByRole("link", { name: "Florist" }).first().click();
  await entry.getByRole("checkbox").click();
  await expect(entry.getByRole("checkbox")).toBeDisabled();
  await page.goto("/");
  await expect(mine.getByText("Send the price of roses")).toHaveCount(0);
});
