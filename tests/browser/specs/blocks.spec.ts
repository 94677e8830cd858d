/** Blocks of plugins' pages in the gallery: reachable by keys, at home on a phone, readable by everybody. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, openPart, switchPart, test } from "../support/gallery.ts";

test.use({ baseURL: undefined, reducedMotion: "reduce" } as never);

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PARTS = ["matrix", "gantt", "tree", "calendar", "chart", "rows", "form", "figures", "words", "layout"];

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).exclude("iframe").analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`));
}

/** Each theme, language and width; not all of their products. */
const LOOKS = [
  { colorScheme: "light", locale: "en-US", width: 1360 },
  { colorScheme: "dark", locale: "en-US", width: 390 },
  { colorScheme: "dark", locale: "ru-RU", width: 1360 },
  { colorScheme: "light", locale: "ru-RU", width: 390 },
  { colorScheme: "light", locale: "uk-UA", width: 1360 },
  { colorScheme: "dark", locale: "uk-UA", width: 390 },
] as const;

for (const { colorScheme, locale, width } of LOOKS) {
  test.describe(`${colorScheme}, ${locale}, ${width} px`, () => {
    test.use({ colorScheme, locale, viewport: { width, height: 860 } });

    test("every block is accessible and no wider than the screen", async ({ page, gallery }) => {
      test.slow();
      await openPart(page, gallery, "matrix");
      for (const part of PARTS) {
        await switchPart(page, part);
        expect.soft(await violations(page), part).toEqual([]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect.soft(overflow, `${part} is wider than the screen by`).toBeLessThanOrEqual(0);
      }
    });
  });
}

test("what a block shows instead of rows is accessible", async ({ page, gallery }) => {
  for (const mood of ["loading", "empty", "error", "large"]) {
    await openPart(page, gallery, "matrix", mood);
    expect.soft(await violations(page), mood).toEqual([]);
  }
});

test("a matrix is filled by keys alone, and a refusal puts the cell back", async ({ page, gallery }) => {
  await openPart(page, gallery, "matrix");
  const cell = page.getByRole("grid").first().locator('[data-at="0:1"]');
  await cell.focus();
  await page.keyboard.type("6:30");
  await page.keyboard.press("Enter");
  await expect(cell).toHaveText("6:30");
  await expect(page.locator('[data-at="1:1"]').first()).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.type("a lot");
  await page.keyboard.press("Enter");
  await expect(page.locator('input[aria-invalid="true"]')).toHaveValue("a lot");
  await page.keyboard.press("Escape");
  await openPart(page, gallery, "matrix", "refusing");
  const before = await cell.textContent();
  await cell.focus();
  await page.keyboard.type("1:00");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The period is closed.").first()).toBeVisible();
  await expect(cell).toHaveText(before ?? "");
});

test("a bar is moved by arrows and by its menu", async ({ page, gallery }) => {
  await openPart(page, gallery, "gantt");
  const bar = page.locator('button[data-at="1"]');
  await expect(bar).toHaveAccessibleName(/Mar 2, .*Mar 9, /);
  await bar.focus();
  await page.keyboard.press("ArrowRight");
  await expect(bar).toHaveAccessibleName(/Mar 3, .*Mar 10, /);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(bar).toHaveAccessibleName(/Mar 3, .*Mar 9, /);
  await page.getByRole("row").nth(1).getByRole("button").first().click();
  await page.getByRole("menuitem", { name: "Move to other days" }).click();
  const first = page.getByRole("dialog").getByRole("textbox").first();
  await first.fill("2026-03-05");
  await page.keyboard.press("Enter");
  await expect(bar).toHaveAccessibleName(/Mar 5, .*Mar 9, /);
});

test("a bar waits for another by its menu, and no longer when that is taken back", async ({ page, gallery }) => {
  await openPart(page, gallery, "gantt");
  const row = page.getByRole("row").filter({ hasText: "Смета" });
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Links" }).click();
  const dialog = page.getByRole("dialog");
  const waits = dialog.getByRole("listitem");
  await expect(waits).toHaveText([/Проєкт вентиляції/]);
  await dialog.getByRole("combobox", { name: "Waits for" }).fill("Закупка");
  await page.getByRole("option", { name: "Закупка оборудования" }).click();
  await dialog.getByRole("button", { name: "Link", exact: true }).click();
  await expect(waits).toHaveCount(2);
  await dialog.getByRole("button", { name: "Remove the link from Закупка оборудования" }).click();
  await expect(waits).toHaveCount(1);
});

test("a tree is walked by arrows, and its menu moves what a drag would", async ({ page, gallery }) => {
  await openPart(page, gallery, "tree");
  const outline = page.getByRole("treegrid").first();
  const rows = outline.getByRole("row");
  const all = await rows.count();
  await rows.first().focus();
  await page.keyboard.press("ArrowLeft");
  await expect(rows).toHaveCount(1);
  await page.keyboard.press("ArrowRight");
  await expect(rows).toHaveCount(all);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem").last().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").fill("Производство");
  await page.getByRole("option", { name: "Производство" }).click();
  await dialog.getByRole("button").last().click();
  await expect(outline.getByRole("row", { name: /Отдел продаж/ })).toHaveAttribute("aria-level", "3");
});

test("an event goes to a day that is typed", async ({ page, gallery }) => {
  await openPart(page, gallery, "calendar");
  const event = page.getByRole("button", { name: /^Инвентаризация/ }).first();
  await event.focus();
  await page.keyboard.press("F2");
  await page.getByRole("dialog").getByRole("textbox").fill("2026-03-25");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /^Инвентаризация.*25/ }).first()).toBeVisible();
});

test("a wizard keeps what was typed over a reload and sends nothing hidden", async ({ page, gallery }) => {
  await openPart(page, gallery, "form");
  const form = page.getByRole("form").first();
  await form.getByRole("combobox", { name: /Вид/ }).or(form.getByRole("textbox", { name: /Вид/ })).first().click();
  await page.getByRole("option", { name: "За свой счёт" }).click();
  await form.getByRole("textbox", { name: /Причина/ }).fill("Ремонт");
  await form.locator('button[type="submit"]').click();
  await expect(form.getByRole("textbox", { name: /Дней/ })).toBeVisible();
  await page.reload();
  await expect(form.getByRole("textbox", { name: /Дней/ })).toBeVisible();
  await form.getByRole("button").first().click();
  await expect(form.getByRole("textbox", { name: /Причина/ })).toHaveValue("Ремонт");
});

test("on a phone a matrix shows one row, a gantt its days in words, a mind map an outline", async ({ page, gallery }) => {
  await page.setViewportSize({ width: 390, height: 780 });
  await openPart(page, gallery, "matrix");
  await expect(page.getByRole("grid")).toHaveCount(0);
  await expect(page.getByRole("list").first().getByRole("listitem")).toHaveCount(31);
  await openPart(page, gallery, "gantt");
  await expect(page.getByRole("treegrid")).toHaveCount(0);
  await openPart(page, gallery, "tree");
  await expect(page.getByRole("tree")).toHaveCount(0);
  await expect(page.getByRole("treegrid")).toHaveCount(3);
});
