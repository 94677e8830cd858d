/** Rules of automation by an administrator: one that answers a won deal, what it would have done, and what failed. */
import type { Locator, Page } from "@playwright/test";
import { Api } from "../support/api.ts";
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
  await signIn(page, "/settings/automation");
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
  await signIn(page, "/settings/automation?edit=lead");
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

test("a button on the card is made by an administrator and pressed by a salesperson", async ({
  page,
  secondPage,
  signIn,
  api,
  server,
}) => {
  const seller = { email: "seller@example.org", password: "a long password of the seller" };
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = items.find(({ key }) => key === "sales_manager");
  await api.must("POST", "/users", { name: "Sam Seller", roles: role ? [role.id] : [], locale: "en", ...seller });
  const theirs = await Api.signIn(server, seller);
  const deal = await theirs.create("deal", { title: "Pumps" });
  await signIn(page, "/settings/automation");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await dialog(page).getByLabel("Name", { exact: true }).fill("Thank");
  await choose(page, "When", "Somebody presses a button");
  const action = dialog(page).getByRole("group", { name: "Action 1" });
  await action.getByLabel("What is to be done").fill("Thank for {{record.title}}");
  // A button without words and without people is refused where they are missing.
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page).getByText("Required.").first()).toBeVisible();
  await dialog(page).getByLabel(/^On the button/).first().fill("Say thank you");
  await dialog(page).getByLabel("Who may press it").first().click();
  await page.getByRole("option", { name: "Sales manager" }).click();
  await dialog(page).getByLabel("Name", { exact: true }).click();
  await page.screenshot({ path: test.info().outputPath("button-form.png") });
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole("table", { name: "Rules of automation" })).toContainText("Say thank you");

  await signIn(secondPage, seller, `/records/deal/${deal.id}`);
  await secondPage.getByRole("button", { name: "Actions", exact: true }).first().click();
  await secondPage.screenshot({ path: test.info().outputPath("button-menu.png") });
  await secondPage.getByRole("menuitem", { name: "Say thank you" }).click();
  await expect(secondPage.getByText("“Say thank you”: done")).toBeVisible();
  const tasks = await theirs.must<{ items: { title: string }[] }>("GET", "/tasks");
  expect(tasks.items.map(({ title }) => title)).toEqual(["Thank for Pumps"]);
});

test("a mass edit says how many rules run and leaves them out when asked to; a rule is applied to what is there", async ({ page, signIn, api }) => {
  const rule = {
    name: "Mark",
    on: { event: "updated", fields: ["tax_id"] },
    do: [{ kind: "set-fields", parameters: { comments: "seen" } }],
  };
  await api.must("POST", "/automations", { entity: "company", rule });
  const company = await api.create("company", { title: "Kowalski" });
  const comments = async () => (await api.must<{ fields: { comments?: string } }>("GET", `/records/company/${company.id}`)).fields.comments ?? "";
  await signIn(page, "/records/company/list");
  await page.getByTestId(`row-${company.id}`).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Set a field" }).click();
  await page.getByRole("menuitem", { name: "Tax id", exact: true }).click();
  const runs = page.getByRole("checkbox", { name: "Run 1 rule of automation" });
  await expect(runs).toBeChecked();
  await runs.uncheck();
  await page.keyboard.press("Escape");
  expect(await comments()).toBe("");

  await page.goto("/settings/automation?edit=company");
  await page.getByTitle("Rule “Mark”").click();
  await dialog(page).getByRole("button", { name: "Count those that fit now" }).click();
  await dialog(page).getByRole("button", { name: "Apply to 1 record" }).click();
  await expect(page.getByText("The rule acts on 1 record")).toBeVisible();
  await expect.poll(comments).toBe("seen");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("1 record put back")).toBeVisible();
  await expect.poll(comments).toBe("");
});

test("a form of a website makes a lead at the address of a rule, which works something out about it", async ({ page, signIn, api, server }) => {
  await signIn(page, "/settings/automation?edit=lead%20rule%20new");
  await dialog(page).getByLabel("Name", { exact: true }).fill("From the site");
  await choose(page, "When", "A webhook comes in from outside");
  await expect(dialog(page).getByText("Add the rule first, then open it and make its address.")).toBeVisible();
  // Neither a record that is meant nor one that is made: refused where it is missing.
  const action = dialog(page).getByRole("group", { name: "Action 1" });
  await action.getByLabel("Action 1", { exact: true }).first().click();
  await page.getByRole("option", { name: "Work something out", exact: true }).click();
  await action.getByLabel("Expression").fill("'Call ' + record.title");
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page).getByText("Required.").first()).toBeVisible();
  await dialog(page).getByRole("button", { name: "Add a field" }).first().click();
  await choose(page, "Field", "Title");
  await dialog(page).getByLabel("Value", { exact: true }).fill("=vars.name");
  // It is tried before there is an address.
  const sample = dialog(page).getByLabel("What would be sent (JSON)");
  await sample.fill("[]");
  await expect(dialog(page).getByText("This is no JSON object.")).toBeVisible();
  await sample.fill('{"name": "Ann of the site"}');
  await dialog(page).getByRole("button", { name: "Try it" }).click();
  await expect(page.getByTestId("dry-run")).toContainText("Call Ann of the site");
  await page.screenshot({ path: test.info().outputPath("webhook-form.png") });
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await page.getByTitle("Rule “From the site”").click();
  await dialog(page).getByRole("button", { name: "Make an address" }).click();
  const address = await page.getByTestId("hook-address").innerText();
  await expect(page.getByTestId("hook-address").getByRole("button", { name: "Copy" })).toBeVisible();
  const path = new URL(address).pathname;
  const sent = await fetch(new URL(path, server.url), { method: "POST", body: new URLSearchParams({ name: "Ann of the site" }) });
  expect(sent.status).toBe(202);
  await expect
    .poll(async () => (await api.must<{ items: { results: unknown[] }[] }>("GET", "/automations/runs")).items.flatMap(({ results }) => results))
    .toContain("Call Ann of the site");
  await dialog(page).getByRole("button", { name: "Close the address" }).click();
  await expect(dialog(page).getByText("The rule has no address yet.")).toBeVisible();
  expect((await fetch(new URL(path, server.url), { method: "POST", body: new URLSearchParams({ name: "x" }) })).status).toBe(404);
});

test("a rule opens as a drawing, on a phone too, and stays", async ({ page, signIn, api }) => {
  const rule = {
    name: "Grows",
    on: { event: "stage_entered", stage: "won" },
    when: "record.title != ''",
    do: [
      { kind: "task", parameters: { title: "Thank them", executors: "owner" } },
      { kind: "document", parameters: { template: "quote" } },
      { kind: "link", parameters: { field: "contacts", to: "=record.contacts" } },
    ],
  };
  await api.must("POST", "/automations", { entity: "deal", rule });
  await signIn(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/settings/automation?edit=deal");
  await page.getByTitle("Rule “Grows”").click();
  await expect(dialog(page).getByRole("group", { name: "Action 3" })).toContainText("Which records");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.screenshot({ path: test.info().outputPath("actions-390.png") });
  await dialog(page).getByRole("button", { name: "Open as drawing" }).click();
  await expect(page).toHaveURL(/\/processes\/drawings\/[0-9a-f-]{36}/);
  const drawings = await api.must<{ items: { title: string }[] }>("GET", "/process-drawings");
  expect(drawings.items.map(({ title }) => title)).toContain("Grows");
  const kept = await api.must<{ items: { rule: { name: string } }[] }>("GET", "/automations?entity=deal");
  expect(kept.items.map((one) => one.rule.name)).toContain("Grows");
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
