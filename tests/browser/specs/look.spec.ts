/** What every page owes everybody: WCAG 2.2 AA by axe in both themes, phone width, three languages. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

const PAGES = ["/", "/records/lead/board", "/records/lead/list", "/records/deal/board", "/imports", "/imports/new", "/plugins", "/settings"];
const LEADS = [
  ["Garden centre", 1200],
  ["Bakery", null],
  ["A lead with a name so long that no card, list or panel can show all of it at once", 5],
] as const;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("main")).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`));
}

test.beforeAll(async ({ server }) => {
  const api = await Api.signIn(server);
  for (const [title, amount] of LEADS) {
    await api.create("lead", { title, amount, currency: "EUR", emails: [{ value: "a@example.org", kind: "work" }] });
  }
});

test("the sign-in page is accessible", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.locator('input[name="email"]')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`all pages are accessible in the ${colorScheme} theme`, async ({ page, signIn }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const path of PAGES) {
      await open(page, path);
      expect.soft(await violations(page), `${path} (${colorScheme})`).toEqual([]);
    }
  });
}

test("the dark theme is dark and the light one light", async ({ page, signIn }) => {
  await signIn(page);
  const brightness = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme });
    await open(page, "/records/lead/list");
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    return (colour.match(/\d+(\.\d+)?/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  };
  expect(await brightness("light")).toBeGreaterThan(600);
  expect(await brightness("dark")).toBeLessThan(200);
});

test("nothing is wider than a phone", async ({ page, signIn }) => {
  await page.setViewportSize({ width: 390, height: 780 });
  await signIn(page);
  for (const path of PAGES) {
    await open(page, path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect.soft(overflow, `${path} is wider than the screen by`).toBeLessThanOrEqual(0);
  }
});

test("pages speak the person's language", async ({ page, signIn, api }) => {
  await signIn(page);
  for (const [locale, word] of [["ru", "Лиды"], ["uk", "Ліди"], ["en", "Leads"]] as const) {
    await api.must("PATCH", "/me", { locale });
    await open(page, "/records/lead/list");
    await expect(page.locator("html")).toHaveAttribute("lang", locale);
    await expect(page.getByText(word).first()).toBeVisible();
  }
});
