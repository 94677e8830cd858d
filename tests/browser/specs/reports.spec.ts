/** Reports: made by hand, every figure opens what it counts; kept, shared, arranged. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Figures" });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function violations(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).options({ rules: { "label-content-name-mismatch": { enabled: true } } });
  const { violations } = await axe.withTags(RULES).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`));
}

/** A deal that is won. */
async function win(api: Api, title: string, amount: number, currency: string): Promise<void> {
  const deal = await api.create("deal", { title, amount, currency });
  await api.must("POST", `/records/deal/${deal.id}/stage`, { stage: "won" });
}

const address = (search: Record<string, unknown>) =>
  `/reports/new?${Object.entries(search)
    .map(([key, value]) => `${key}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`)
    .join("&")}`;

test("a report is made by hand; its figure opens exactly the records it counts; the address keeps all of it", async ({
  page,
  signIn,
  api,
}) => {
  for (const [title, source] of [["One", "web"], ["Two", "web"], ["Three", "call"]] as const) {
    await api.create("lead", { title, source });
  }
  await signIn(page, "/reports");
  await expect(page.getByText("Every figure opens the records it counts")).toBeVisible();
  await page.getByRole("link", { name: "New report" }).click();
  await expect(page.getByRole("heading", { name: "Choose what to count" })).toBeVisible();
  await page.getByRole("combobox", { name: "Of which records" }).click();
  await page.getByRole("option", { name: "Leads" }).click();
  await page.getByRole("combobox", { name: "Figures" }).click();
  await page.getByRole("option", { name: "New leads" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "By rows" }).fill("Source");
  await page.getByRole("option", { name: "Source", exact: true }).click();
  await expect(page.getByText("New leads · by Source")).toBeVisible();

  const table = page.getByRole("table");
  const row = table.getByRole("row").filter({ hasText: "Website" });
  await expect(row.getByRole("link")).toHaveText("2");
  await expect(table.getByRole("row").filter({ hasText: "Total" }).getByRole("link")).toHaveText("3");

  await page.reload();
  await expect(row.getByRole("link")).toHaveText("2");
  await table.getByRole("button", { name: "New leads" }).click();
  await expect(page).toHaveURL(/sort=-lead.created/);
  await expect(table.getByRole("columnheader", { name: /New leads/ })).toHaveAttribute("aria-sort", "descending");

  await row.getByRole("link").click();
  await expect(page.getByText("2 records", { exact: true })).toBeVisible();
  await expect(page.getByText("Three", { exact: true })).toHaveCount(0);
  await page.goBack();
  await expect(row.getByRole("link")).toHaveText("2");
});

test("values stand across with totals of their own, and a chart has its table", async ({ page, signIn, api }) => {
  await win(api, "Small", 100, "USD");
  await win(api, "Large", 900, "USD");
  await signIn(page);
  await page.goto(
    address({ measures: ["deal.won_amount", "deal.won"], rows: ["owner"], column: "closed_at:month", period: "this_year", chart: "bar" }),
  );
  await expect(page.getByRole("img", { name: /^Chart: / })).toBeVisible();
  const table = page.getByRole("table");
  await expect(table.getByRole("columnheader", { name: "Total" })).toBeVisible();
  const totals = table.getByRole("row").last();
  await expect(totals.getByRole("link").last()).toHaveText("2");
  await expect(totals).toContainText("$1,000");
  for (const kind of ["Line", "Pie", "Funnel", "Figures", "Table"]) {
    await page.getByText(kind, { exact: true }).last().click({ force: true });
    await expect(page).toHaveURL(new RegExp(`chart=${kind === "Figures" ? "number" : kind.toLowerCase()}`));
    await expect(page.getByRole("alert")).toHaveCount(0);
  }
});

test("without a rate there is no total but the way to it; with one there is", async ({ page, signIn, api }) => {
  await win(api, "In zloty", 300, "PLN");
  await signIn(page, address({ measures: ["deal.won_amount"], rows: [], chart: "number", filter: { field: "currency", op: "eq", value: "PLN" } }));
  const notice = page.getByRole("status").filter({ hasText: "No rate for PLN" });
  await expect(notice).toBeVisible();
  await expect(page.getByText(/zł\s*300/)).toBeVisible();
  await notice.getByRole("link", { name: "Set rates" }).click();
  await page.getByRole("button", { name: "Add a rate" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByRole("combobox", { name: "Currency" }).fill("PLN");
  await page.getByRole("option", { name: /PLN/ }).first().click();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form.getByText("Say how much one unit is worth")).toBeVisible();
  await form.getByRole("textbox", { name: /worth in/ }).fill("0.25");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/1 PLN = 0\.25/)).toBeVisible();
  await page.goto(address({ measures: ["deal.won_amount"], rows: [], chart: "number", filter: { field: "currency", op: "eq", value: "PLN" } }));
  await expect(page.getByRole("link", { name: /^\$75/ })).toBeVisible();
});

test("a report is set up by the keyboard alone, on a phone it fits, on paper there is nothing to press", async ({
  page,
  signIn,
  api,
}) => {
  await api.create("lead", { title: "By keys" });
  await page.setViewportSize({ width: 390, height: 780 });
  await signIn(page, "/reports/new");
  await page.getByRole("combobox", { name: "Of which records" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("option", { name: "Leads" })).toBeVisible();
  while (!(await page.getByRole("option", { name: "Leads" }).getAttribute("data-combobox-selected"))) {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Figures" }).focus();
  await page.keyboard.type("New leads");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("table")).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("combobox", { name: "Figures" })).toBeHidden();
  await expect(page.getByRole("table")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`a report is accessible in the ${colorScheme} theme`, async ({ page, signIn, api }) => {
    await win(api, `Seen in ${colorScheme}`, 50, "USD");
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const chart of ["bar", "funnel", "number"]) {
      await page.goto(
        address({ measures: ["deal.won_amount", "deal.won", "deal.win_rate"], rows: ["owner"], period: "this_month", compare: "before", chart }),
      );
      await expect(page.getByText(/^As of/)).toBeVisible();
      expect.soft(await violations(page), chart).toEqual([]);
    }
  });
}

interface Saved {
  id: string;
  name: string;
}

/** The company's first role that is no administrator's, and somebody who has it. */
async function colleague(api: Api, email: string): Promise<{ email: string; password: string }> {
  const { items } = await api.must<{ items: { id: string; admin?: boolean }[] }>("GET", "/roles");
  const role = items.find(({ admin }) => !admin);
  const person = { email, password: "a long password of a colleague" };
  await api.must("POST", "/users", { name: "Colleague", roles: role ? [role.id] : [], locale: "en", ...person });
  return person;
}

test("a report is kept, changed, shared, sent by mail and taken away; a colleague sees it with their own rights", async ({
  page,
  signIn,
  api,
}) => {
  await api.create("lead", { title: "Counted" });
  const person = await colleague(api, "reads@example.org");
  await signIn(page, address({ measures: ["lead.created"], rows: ["source"], chart: "table" }));
  await page.getByRole("button", { name: "Save the report" }).click();
  const form = page.getByRole("dialog");
  await form.getByRole("textbox", { name: "Name" }).fill("Where leads come from");
  await form.getByRole("combobox", { name: "Who sees it" }).click();
  await page.getByRole("option", { name: "everybody" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Where leads come from" })).toBeVisible();
  await expect(page).toHaveURL(/\/reports\/saved\/[0-9a-f-]+$/);

  await page.getByText("Bars", { exact: true }).click({ force: true });
  await expect(page.getByText("changed, not saved")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("changed, not saved")).toHaveCount(0);
  const { items } = await api.must<{ items: (Saved & { chart: { kind: string } })[] }>("GET", "/reports/saved");
  expect(items.find(({ name }) => name === "Where leads come from")?.chart.kind).toBe("bar");

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Send by mail…" }).click();
  await page.getByRole("button", { name: "Add a letter" }).click();
  await page.getByRole("dialog").last().getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Every week, Monday, at 09:00")).toBeVisible();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "More" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Download CSV" }).click();
  expect((await file).suggestedFilename()).toMatch(/\.csv$/);

  await page.context().clearCookies();
  await signIn(page, person, "/reports");
  await page.getByRole("link", { name: /^Where leads come from/ }).click();
  await expect(page.getByText(/^As of/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Save", exact: true })).toHaveCount(0);
});

test("a dashboard is made and arranged by the keyboard; what is not saved survives a reload", async ({ page, signIn, api }) => {
  await api.create("lead", { title: "On a card" });
  await signIn(page, "/reports");
  await page.getByRole("button", { name: "New dashboard" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Monday");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Monday" })).toBeVisible();
  for (const card of ["Leads by source", "My tasks", "Text"]) {
    await page.getByRole("button", { name: "Add a card" }).click();
    await page.getByRole("menuitem", { name: card, exact: true }).click();
  }
  await page.getByRole("textbox", { name: "Text" }).fill("Call everybody");
  const order = () => page.locator("[data-card]").evaluateAll((cards) => cards.map((card) => card.getAttribute("aria-label")));
  expect(await order()).toEqual(["Leads by source", "My tasks", "Text"]);
  const handle = page.getByRole("button", { name: "Move: Text" });
  await handle.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(handle).toBeFocused();
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(order).toEqual(["Leads by source", "Text", "My tasks"]);
  await page.reload();
  await expect.poll(order).toEqual(["Leads by source", "Text", "My tasks"]);
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Text", exact: true })).toContainText("Call everybody");
  await expect(page.getByRole("img", { name: "Chart: Leads by source" })).toBeVisible();
  const { items } = await api.must<{ items: { name: string; cards: { w: number }[] }[] }>("GET", "/dashboards");
  expect(items.find(({ name }) => name === "Monday")?.cards.map(({ w }) => w)).toEqual([6, 6, 6]);
});

test("plans are typed in a table; what cannot be read stays with its reason; the fact opens its deals", async ({
  page,
  signIn,
  api,
}) => {
  await win(api, "Towards the plan", 400, "USD");
  await signIn(page, "/reports/plans");
  await expect(page.getByRole("heading", { name: "No plans for this time" })).toBeVisible();
  await page.getByRole("combobox", { name: "Add a plan for…" }).click();
  await page.getByRole("option", { name: "Figures", exact: true }).click();
  const value = page.getByRole("textbox", { name: /^Plan: Figures/ });
  await value.fill("lots");
  await value.blur();
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await value.fill("100,000");
  await page.reload();
  await page.getByRole("combobox", { name: "Add a plan for…" }).click();
  await page.getByRole("option", { name: "Figures", exact: true }).click();
  await expect(value, "kept in this tab").toHaveValue("100,000");
  await page.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row").filter({ hasText: "Figures" });
  await row.getByRole("link").first().click();
  await expect(page.getByText("Towards the plan", { exact: true })).toBeVisible();
});

test("the funnel, the forecast and managers answer, and their figures open their records", async ({ page, signIn, api }) => {
  await api.create("deal", { title: "Begun", amount: 10, currency: "USD" });
  await signIn(page, "/reports/funnel");
  const steps = page.getByRole("list", { name: "Sales funnel" });
  await expect(steps.getByRole("listitem").first()).toBeVisible();
  await page.getByText("Stood there", { exact: true }).first().click();
  await expect(page).toHaveURL(/mode=visited/);
  const first = steps.getByRole("link").first();
  const count = await first.textContent();
  await first.click();
  await expect(page.getByText(new RegExp(`^${count} records?$`))).toBeVisible();
  await page.goto("/reports/forecast");
  await expect(page.getByText(/open deals? ha(s|ve) no date/)).toBeVisible();
  await page.goto("/reports/managers");
  await expect(page.getByRole("table", { name: "" }).or(page.getByRole("table")).first()).toBeVisible();
});

test("a funnel is kept as it was asked, and opens so from the list of reports", async ({ page, signIn, api }) => {
  await win(api, "Through the funnel", 10, "USD");
  await signIn(page, "/reports/funnel?mode=visited&period=all");
  await page.getByRole("button", { name: "Save the report" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Who really stood there");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Who really stood there" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Save", exact: true }), "nothing to save").toHaveCount(0);
  await page.getByText("Reached", { exact: true }).first().click();
  await expect(page.getByText("changed, not saved")).toBeVisible();

  await page.goto("/reports");
  await page.getByRole("link", { name: /Who really stood there/ }).click();
  await expect(page).toHaveURL(/\/reports\/funnel\?.*mode=visited/);
  await expect(page.getByText("changed, not saved")).toHaveCount(0);
  const won = page.getByRole("table").getByRole("row").filter({ hasText: "Won" });
  await expect(won.getByRole("link").first()).toBeVisible();
});

test("one filter narrows all cards of a dashboard, which can begin so for everybody", async ({ page, signIn, api }) => {
  for (const [title, source] of [["From the site", "web"], ["By phone", "call"]] as const) {
    await api.create("lead", { title, source });
  }
  const question = { measures: ["lead.created"], group_by: ["source"] };
  const card = { kind: "question", question, chart: { kind: "table" } };
  const cards = [{ id: "leads", title: "Leads", x: 0, y: 0, w: 12, h: 4, card }];
  const { id } = await api.must<Saved>("POST", "/dashboards", { name: "Narrowed", cards });
  await signIn(page);
  const filter = encodeURIComponent(JSON.stringify({ lead: { field: "source", op: "eq", value: "call" } }));
  await page.goto(`/dashboards/${id}?filter=${filter}`);
  const rows = page.getByRole("region", { name: "Leads", exact: true }).first().getByRole("row");
  await expect(rows.filter({ hasText: "Call" })).toHaveCount(1);
  await expect(rows.filter({ hasText: "Website" })).toHaveCount(0);
  await page.getByRole("button", { name: "Begin with this" }).click();
  await expect(page.getByRole("button", { name: "Begin with this" })).toHaveCount(0);
  await page.goto(`/dashboards/${id}`);
  await expect(rows.filter({ hasText: "Call" })).toHaveCount(1);
  await expect(rows.filter({ hasText: "Website" })).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
});
