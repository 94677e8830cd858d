/** What every page owes everybody: WCAG 2.2 AA by axe in both themes, phone width, three languages. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

const PAGES = [
  "/",
  "/records/lead/board",
  "/records/lead/list",
  "/records/lead/list?deleted=true",
  "/records/deal/board",
  "/records/company/list",
  "/records/contact/list",
  "/records/activity/list",
  "/records/task/list",
  "/imports",
  "/imports/new",
  "/plugins",
  "/settings/profile",
  "/settings/tokens",
  "/settings/company",
  "/settings/people",
  "/settings/departments",
  "/settings/roles",
  "/settings/roles?edit=new",
  "/settings/calendars",
  "/settings/rates",
  "/settings/templates",
  "/settings/rates?edit=new",
  "/tasks",
  "/tasks?view=take",
  "/journal",
  "/processes",
  "/reports",
  "/reports/new",
  "/reports/funnel",
  "/reports/forecast",
  "/reports/managers",
  "/reports/plans",
  "/processes/drawings/new",
  "/processes/drawings/new?from=empty",
  "/processes/drawings/new?from=file",
  "/nothing/here",
];
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
  // What is said of a control has what is written on it: speech finds it by that.
  const axe = new AxeBuilder({ page }).options({ rules: { "label-content-name-mismatch": { enabled: true } } });
  const { violations } = await axe.withTags(RULES).analyze();
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
    // Every page is judged; on a busy machine that takes its time.
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const path of PAGES) {
      await open(page, path);
      expect.soft(await violations(page), `${path} (${colorScheme})`).toEqual([]);
    }
  });
}

/** What opens over pages: how to get there, and what then stands in sight. */
const OPENED: [string, (page: Page, lead: string) => Promise<void>][] = [
  ["a record's page", async (page, lead) => open(page, `/records/lead/${lead}`)],
  ["a record's panel", async (page, lead) => open(page, `/records/lead/board?record=${lead}`)],
  [
    "a field being edited",
    async (page, lead) => {
      await open(page, `/records/lead/${lead}`);
      for (const key of ["amount", "birthdate", "owner", "phones"]) {
        await page.getByTestId(`field-${key}`).locator("[data-edit]").click();
        await expect(page.getByTestId(`field-${key}`).locator("input").first()).toBeVisible();
      }
    },
  ],
  [
    "the palette",
    async (page) => {
      await open(page, "/records/lead/list");
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.keyboard.type("ba");
      await expect(page.getByRole("option").first()).toBeVisible();
    },
  ],
  [
    "the list of shortcuts",
    async (page) => {
      await open(page, "/records/lead/list");
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  ],
  [
    "a filter",
    async (page) => {
      await open(page, "/records/lead/list");
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByRole("option", { name: "Source", exact: true }).first().click();
      await expect(page.getByRole("button", { name: "Apply" })).toBeVisible();
    },
  ],
  [
    "the form of a new record",
    async (page) => {
      await open(page, "/records/deal/list");
      await page.getByRole("button", { name: "Create" }).first().click();
      await page.getByRole("button", { name: "More fields" }).click();
      await expect(page.getByRole("textbox", { name: "Comments" })).toBeVisible();
    },
  ],
  [
    "a card being added",
    async (page) => {
      await open(page, "/records/lead/board");
      await page.getByRole("button", { name: /^Add to/ }).first().click();
      await expect(page.getByRole("textbox", { name: "Title" })).toBeVisible();
    },
  ],
  [
    "chosen rows",
    async (page) => {
      await open(page, "/records/lead/list");
      await page.getByRole("checkbox").nth(1).check();
      await expect(page.getByRole("button", { name: "Delete" })).toBeVisible();
    },
  ],
  [
    "a person's form",
    async (page) => {
      await open(page, "/settings/people?edit=new");
      await expect(page.getByRole("form")).toBeVisible();
    },
  ],
];

for (const [name, show] of OPENED) {
  test(`${name} is accessible`, async ({ page, signIn, api }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    const lead = (await api.byTitle("lead", ["Bakery"])).get("Bakery");
    await signIn(page);
    await show(page, String(lead?.id));
    expect(await violations(page)).toEqual([]);
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

test("a department and its head stand one below the other on a phone", async ({ page, signIn, api }) => {
  const name = "Corporate clients and their partners";
  const { user } = await api.must<{ user: { id: string } }>("GET", "/me");
  await api.must("POST", "/departments", { name, head_ids: [user.id] });
  await page.setViewportSize({ width: 390, height: 780 });
  await signIn(page);
  await open(page, "/settings/departments");
  const title = await page.getByRole("button", { name }).boundingBox();
  const head = await page.getByText(/^Head: /).first().boundingBox();
  expect(head?.y ?? 0).toBeGreaterThanOrEqual((title?.y ?? 0) + (title?.height ?? 0));
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

test("a list on paper has all its rows and nothing to press", async ({ page, signIn, api }) => {
  const names = Array.from({ length: 130 }, (_, index) => `Printed ${String(index).padStart(3, "0")}`);
  for (const title of names) await api.create("company", { title });
  await signIn(page);
  await page.addInitScript(() => {
    window.print = () => document.documentElement.setAttribute("data-printed", "yes");
  });
  await open(page, "/records/company/list");
  const part = page.getByText(/^Rows \d+ of 130 are on this paper/);
  await page.emulateMedia({ media: "print" });
  await expect(part, "the browser's own menu prints what is read so far").toBeVisible();
  await page.emulateMedia({ media: "screen" });
  await expect(part).toBeHidden();
  await page.getByRole("row").nth(1).getByRole("gridcell").nth(1).focus();
  await page.keyboard.press("Control+p");
  await expect(page.locator("html")).toHaveAttribute("data-printed", "yes");
  await page.emulateMedia({ media: "print" });
  await expect(page.getByText("Printed 000")).toBeVisible();
  await expect(part).toHaveCount(0);
  await expect(page.getByRole("row")).toHaveCount(names.length + 1);
  await expect(page.getByRole("navigation").first()).toBeHidden();
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeHidden();
  const overlapping = await page.getByRole("row").evaluateAll((rows) => {
    const boxes = rows.map((row) => row.getBoundingClientRect());
    return boxes.filter((box, index) => index > 0 && box.top < (boxes[index - 1]?.bottom ?? 0) - 1).length;
  });
  expect(overlapping).toBe(0);
  // Its head stands on every page; what it was narrowed by is named.
  await expect(page.getByRole("row").first()).toHaveCSS("display", "table-header-group");
  await page.emulateMedia({ media: "screen" });
  await open(page, "/records/company/list?q=Printed%20001");
  const named = page.getByText("“Printed 001”", { exact: true });
  await expect(named).toBeHidden();
  await page.emulateMedia({ media: "print" });
  await expect(named).toBeVisible();
});

test.describe("under a finger", () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  test("icons take a press within 40 px, and no page grows wider for it", async ({ page, signIn }) => {
    await signIn(page);
    const reached: number[] = [];
    for (const path of ["/records/lead/list", "/records/lead/board", "/settings/roles?edit=new", "/tasks"]) {
      await open(page, path);
      const icons = page.locator(".mantine-ActionIcon-root:visible");
      reached.push(
        ...(await icons.evaluateAll((all) =>
          all.map((one) => {
            const { width, height } = getComputedStyle(one, "::after");
            return Math.min(Number.parseFloat(width), Number.parseFloat(height));
          }),
        )),
      );
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
    }
    expect(reached.length).toBeGreaterThan(0);
    expect(Math.min(...reached)).toBeGreaterThanOrEqual(40);
  });
});
