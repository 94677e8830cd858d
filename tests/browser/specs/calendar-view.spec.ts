/** Records by date in a calendar: moved by the mouse and by keys, taken back, refused, kept as a view, a list on a phone. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Dates" });

const march = "/records/deal/calendar?date=close_date&at=2026-03-10";
const day = (page: Page, label: string) => page.getByRole("button", { name: label, exact: true }).locator("..");
const event = (page: Page, title: string) => page.getByRole("button", { name: new RegExp(`^${title}, `) }).first();

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

test("a deal is dragged to another day and taken back", async ({ page, signIn, api }) => {
  const { id } = await api.create("deal", { title: "Roof", close_date: "2026-03-10" });
  await api.create("deal", { title: "In May", close_date: "2026-05-10" });
  const closes = async () => (await api.get("deal", id)).fields.close_date;
  await signIn(page, "/records/deal/list");
  await page.locator("label").filter({ hasText: /^Calendar$/ }).click();
  await expect(page).toHaveURL(/\/records\/deal\/calendar/);
  await page.goto(march);
  await expect(event(page, "Roof")).toBeVisible();
  await expect(event(page, "In May")).toHaveCount(0);
  await event(page, "Roof").dragTo(day(page, "Thursday, March 12"));
  await expect.poll(closes).toBe("2026-03-12");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(closes).toBe("2026-03-10");
  await event(page, "Roof").click();
  await expect(page).toHaveURL(new RegExp(`record=${id}`));
  await clean(page);
});

test("keys move it by a day, by a week and to a day that is typed, in a week too", async ({ page, signIn, api }) => {
  const { id } = await api.create("deal", { title: "Windows", close_date: "2026-03-10" });
  const closes = async () => (await api.get("deal", id)).fields.close_date;
  await signIn(page, march);
  await event(page, "Windows").focus();
  await page.keyboard.press("Alt+ArrowRight");
  await expect.poll(closes).toBe("2026-03-11");
  await expect(event(page, "Windows")).toBeFocused();
  await page.keyboard.press("Alt+ArrowDown");
  await expect.poll(closes).toBe("2026-03-18");
  await expect(event(page, "Windows")).toBeFocused();
  await page.keyboard.press("F2");
  await page.getByRole("dialog").getByRole("textbox").fill("2026-03-12");
  await page.keyboard.press("Enter");
  await expect.poll(closes).toBe("2026-03-12");
  await page.getByRole("radiogroup", { name: "View" }).getByText("Week", { exact: true }).click();
  await expect(page).toHaveURL(/mode=week/);
  await event(page, "Windows").focus();
  await page.keyboard.press("Alt+ArrowLeft");
  await expect.poll(closes).toBe("2026-03-11");
});

test("what the server refuses stands where it was, with the reason", async ({ page, signIn, api }) => {
  const { id } = await api.create("deal", { title: "Fixed", close_date: "2026-03-10" });
  await api.must("PUT", "/entities/deal/fields/close_date/conditions", { read_only: "record.title == 'Fixed'" });
  await signIn(page, march);
  await event(page, "Fixed").focus();
  await page.keyboard.press("Alt+ArrowRight");
  await expect(page.getByRole("alert")).toContainText("Fixed");
  await expect(page.getByRole("button", { name: /^Fixed, .*March 10/ })).toBeVisible();
  expect((await api.get("deal", id)).fields.close_date).toBe("2026-03-10");
  await api.must("PUT", "/entities/deal/fields/close_date/conditions", {});
});

test("a calendar is kept as a view and found again", async ({ page, signIn }) => {
  await signIn(page, `${march}&mode=week`);
  await page.getByRole("button", { name: "Save as a view" }).click();
  await page.getByLabel("Name of the view").fill("Closings");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const views = page.getByRole("navigation", { name: "Views" });
  await expect(views.getByRole("button", { name: "Closings", exact: true })).toHaveAttribute("aria-current", "page");
  await page.goto("/records/deal/calendar");
  await views.getByRole("button", { name: "Closings", exact: true }).click();
  await expect(page).toHaveURL(/mode=week/);
  await expect(page).toHaveURL(/date=close_date/);
  // It is a calendar's: lists have others.
  await page.goto("/records/deal/list");
  await expect(views.getByRole("button", { name: "All", exact: true })).toBeVisible();
  await expect(views.getByRole("button", { name: "Closings", exact: true })).toHaveCount(0);
});

test("on a phone it is a list by days, and an event goes to a day that is typed", async ({ page, signIn, api }) => {
  const { id } = await api.create("deal", { title: "Floor", close_date: "2026-03-20" });
  await signIn(page);
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto(march);
  const friday = page.getByRole("region", { name: "Friday, March 20" });
  await expect(friday.getByRole("button", { name: "Floor", exact: true })).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
  await clean(page);
  await friday.getByRole("button", { name: "Move: Floor" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("2026-03-23");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await api.get("deal", id)).fields.close_date).toBe("2026-03-23");
  await expect(page.getByRole("region", { name: "Monday, March 23" })).toContainText("Floor");
});
