/** Drawing a process: from lines, in the panel, by keys; saved by itself, refused and published; looked at on a phone. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Drawing" });

const SPECIALIST = "technical_specialist";
const LINES = [
  "Prepare technical solution | Technical specialist | 1d | email!",
  "? Accepted | yes: next | no: 1",
  "Payment confirmed by finance manager | Finance manager | 4h",
].join("\n");

interface Drawing {
  id: string;
  revision: number;
}

test.beforeAll(async ({ server }) => {
  const api = await Api.signIn(server);
  await api.must("POST", "/roles", { key: SPECIALIST, name: "Technical specialist" });
  await api.must("POST", "/roles", { key: "finance_manager", name: "Finance manager" });
});

const fromLines = (api: Api, title: string, lines = LINES) =>
  api.must<Drawing>("POST", "/process-drawings/from-steps", { title, lines: lines.split("\n") });
const xmlOf = (api: Api, id: string) => api.must<string>("GET", `/process-drawings/${id}/xml`);
const ready = (page: Page) => expect(page.getByTestId("designer-canvas").locator(".djs-shape").first()).toBeVisible();
const steps = (page: Page) => page.getByRole("navigation", { name: "Steps" });
const lineOf = (page: Page, name: string): Locator => steps(page).getByRole("listitem").filter({ hasText: name });
const choose = (page: Page, name: string) => lineOf(page, name).locator("[data-step-name]").click();
const panelOf = (page: Page) => page.getByTestId("designer-panel");
const duration = (page: Page) => panelOf(page).getByLabel("To be done in", { exact: true });
const saved = (page: Page) => expect(page.getByText("Saved", { exact: true })).toBeVisible();

/** Opened without the canvas's own focus: keys go where a person would put them. */
async function open(page: Page, id: string): Promise<void> {
  await page.goto(`/processes/drawings/${id}`);
  await ready(page);
}

test("from lines to a drawing: two days, one undo gives one day back, and each is saved by itself", async ({ page, signIn, api }) => {
  await signIn(page, "/processes");
  await page.getByRole("button", { name: "New process" }).click();
  await page.getByRole("menuitem", { name: "From lines of words" }).click();
  await page.getByLabel("Name of the process").fill("Dealer purchase");
  await page.getByLabel("Steps, one a line").fill(LINES.replace("Finance manager", "Nobody"));
  const preview = page.getByRole("list", { name: "As it will be" });
  await expect(preview.getByRole("alert"), "told at its line while it is typed").toContainText("Nobody");
  await page.getByLabel("Steps, one a line").fill(LINES);
  await expect(preview.getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: "Make the drawing" }).click();
  await expect(page).toHaveURL(/\/processes\/drawings\/[0-9a-f-]{36}$/);
  const id = page.url().split("/").at(-1) ?? "";
  await ready(page);

  await choose(page, "Prepare technical solution");
  await expect(duration(page)).toHaveValue("1");
  await expect(panelOf(page).getByLabel("Role", { exact: true })).toHaveValue("Technical specialist");
  await expect(panelOf(page).locator('input[aria-label="Main action"]')).toHaveValue("Letter");
  await expect(panelOf(page).getByLabel("Cannot finish without it")).toBeChecked();
  await panelOf(page).getByRole("button", { name: "Remind" }).click();
  await expect(panelOf(page).getByLabel("Remind before the deadline", { exact: true })).toHaveValue("1");
  await duration(page).fill("2");
  await duration(page).press("Enter");
  await expect.poll(() => xmlOf(api, id), "saved by itself").toContain('v:duration="P2D"');
  await saved(page);
  await page.getByRole("button", { name: "Undo (Ctrl+Z)" }).click();
  await expect(duration(page)).toHaveValue("1");
  await expect.poll(() => xmlOf(api, id), "saved by itself, too").toContain('v:duration="P1D"');
  expect(await xmlOf(api, id)).toMatch(/id="step_1"[^>]*v:remindBefore="PT1H"/);
});

test("the list does everything by keys: add after, name, move, connect, remove", async ({ page, signIn, api }) => {
  const { id } = await fromLines(api, "By keys", "First\nSecond\nThird");
  await signIn(page);
  await open(page, id);
  const list = steps(page);
  await list.locator("[data-step-name]").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await list.getByRole("button", { name: "Add after “First”" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Step", exact: true }).focus();
  await page.keyboard.press("Enter");
  const name = panelOf(page).getByLabel("Name", { exact: true });
  await expect(name).toHaveValue("New step");
  await name.fill("Between");
  await name.press("Enter");
  const names = () => list.locator("[data-step-name]").evaluateAll((all) => all.map((one) => one.querySelector("span span")?.textContent));
  expect((await names()).slice(1, 5)).toEqual(["First", "Between", "Second", "Third"]);
  await list.getByRole("button", { name: "Move “Between” later" }).press("Enter");
  expect((await names()).slice(1, 5)).toEqual(["First", "Second", "Between", "Third"]);
  await page.getByRole("button", { name: "Undo (Ctrl+Z)" }).click();
  expect((await names()).slice(1, 5), "one step back").toEqual(["First", "Between", "Second", "Third"]);
  await choose(page, "Third");
  await list.getByRole("button", { name: "Remove “Third”" }).press("Enter");
  expect(await names()).not.toContain("Third");
  await choose(page, "Between");
  await list.getByRole("button", { name: "Draw an arrow from “Between”" }).press("Enter");
  await page.getByRole("option", { name: "First" }).click();
  await expect.poll(async () => [...(await xmlOf(api, id)).matchAll(/<(?:\w+:)?sequenceFlow /g)].length).toBe(5);
});

test("a refused publish names the step and leads to what is missing; mended, it is published", async ({ page, signIn, api }) => {
  const { id } = await fromLines(api, "Refused first", "Look at the request | | 1d");
  await signIn(page);
  await open(page, id);
  await choose(page, "Look at the request");
  await duration(page).fill("1");
  await panelOf(page).getByRole("button", { name: "Remind" }).click();
  const before = panelOf(page).getByLabel("Remind before the deadline", { exact: true });
  await before.fill("9");
  await before.press("Enter");
  await saved(page);
  await expect.poll(() => xmlOf(api, id)).toContain('v:remindBefore="PT9H"');
  await expect(page.getByRole("button", { name: /problem/ }), "nothing is said while one is at it").toHaveCount(0);
  await page.getByRole("button", { name: "Publish" }).click();
  const ask = page.getByRole("dialog", { name: "Publish “Refused first”" });
  await ask.getByLabel("What changed").fill("First version");
  await ask.getByRole("button", { name: "Publish" }).click();
  const problems = page.getByTestId("drawing-problems");
  await expect(problems).toBeFocused();
  await expect(problems.getByRole("listitem").first()).toContainText("Look at the request");
  await expect(problems.locator("[data-trouble=problem]")).toHaveCount(1);
  await expect(page.getByTestId("designer-canvas").locator(".v-problem")).toHaveCount(1);
  await problems.getByRole("button").first().click();
  await expect(duration(page), "led to the field").toBeFocused();
  await before.fill("2");
  await before.press("Enter");
  await expect(problems).toHaveCount(0);
  await page.getByRole("button", { name: "Publish" }).click();
  await ask.getByLabel("What changed").fill("Reminds in time");
  await ask.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Version 1 is published.")).toBeVisible();
  const { items } = await api.must<{ items: { name: string; published?: number }[] }>("GET", "/process-definitions");
  expect(items.find(({ name }) => name === "Refused first")?.published).toBe(1);
});

test("a branch is said as field, comparison and value, and is CEL in the file", async ({ page, signIn, api }) => {
  const { id } = await fromLines(api, "With a question");
  await signIn(page);
  await open(page, id);
  await choose(page, "Accepted");
  const branch = panelOf(page).getByRole("group", { name: "To “Payment confirmed by finance manager”" });
  // The wizard asks for the answer by a formula of its own; emptied, the way is a comparison again.
  const asked = branch.getByLabel("Formula", { exact: true }).last();
  await asked.fill("");
  await asked.blur();
  await branch.getByText("Comparison", { exact: true }).click();
  await branch.getByLabel("Field", { exact: true }).click();
  await page.getByRole("option", { name: "Amount", exact: true }).first().click();
  await branch.getByLabel("Value", { exact: true }).fill("1000");
  await branch.getByLabel("Value", { exact: true }).press("Enter");
  await expect.poll(() => xmlOf(api, id)).toMatch(/record\.amount (>|&gt;) 1000/);
  await branch.getByText("Formula", { exact: true }).click();
  const formula = branch.getByLabel("Formula", { exact: true }).last();
  await expect(formula).toHaveValue("record.amount > 1000");
  await formula.fill("record.amount > 1000 && record.title != ''");
  await formula.blur();
  await expect.poll(() => xmlOf(api, id)).toMatch(/1000 (&&|&amp;&amp;) record\.title/);
});

test("two at one drawing: the second watches, takes over, and what the first had not saved is kept aside", async ({
  page,
  secondPage,
  signIn,
  api,
  server,
}) => {
  await api.must("POST", "/users", { name: "Olga", email: "olga@acme.example", password: server.admin.password, roles: await adminRole(api) });
  const { id } = await fromLines(api, "Shared");
  await signIn(page);
  await open(page, id);
  await signIn(secondPage, { email: "olga@acme.example", password: server.admin.password }, `/processes/drawings/${id}`);
  await expect(secondPage.getByText(/edits now/)).toBeVisible();
  await expect(secondPage.getByTestId("designer-canvas")).toHaveCount(0);
  // The first saves: the second sees it. Then the line of the first is cut, and the second takes over.
  await page.route("**/process-drawings/*/xml*", (route) => (route.request().method() === "PUT" ? route.abort("internetdisconnected") : route.continue()));
  await choose(page, "Prepare technical solution");
  await duration(page).fill("7");
  await duration(page).press("Enter");
  await expect(page.getByText("No connection: kept in this browser")).toBeVisible();
  await secondPage.getByRole("button", { name: "Take over" }).click();
  await ready(secondPage);
  await page.unroute("**/process-drawings/*/xml*");
  await expect(page.getByText(/Your changes are kept as revision/)).toBeVisible({ timeout: 45_000 });
  await expect(page.getByText("Olga edits now")).toBeVisible();
  expect(await xmlOf(api, id), "not over what Olga has").not.toContain("P7D");
  const { items } = await api.must<{ items: { revision: number; aside: boolean }[] }>("GET", `/process-drawings/${id}/revisions`);
  const aside = items.find((one) => one.aside)?.revision;
  expect(await api.must<string>("GET", `/process-drawings/${id}/revisions/${aside}/xml`)).toContain("P7D");
});

async function adminRole(api: Api): Promise<string[]> {
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  return items.filter(({ key }) => key === "admin").map(({ id }) => id);
}

test("a file of another editor becomes a drawing; a button makes it run; an old revision comes back", async ({ page, signIn, api }) => {
  const file = `<?xml version="1.0"?><b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:o="urn:other" targetNamespace="x">
    <b:process id="brought" name="Brought along" isExecutable="false"><b:startEvent id="s"/><b:userTask id="u" name="Only step" o:mark="kept"/><b:endEvent id="e"/>
    <b:sequenceFlow id="f" sourceRef="s" targetRef="u"/><b:sequenceFlow id="g" sourceRef="u" targetRef="e"/></b:process></b:definitions>`;
  await signIn(page, "/processes/drawings/new?from=file");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({ name: "brought.bpmn", mimeType: "application/xml", buffer: Buffer.from(file) });
  await expect(page).toHaveURL(/\/processes\/drawings\/[0-9a-f-]{36}$/);
  const id = page.url().split("/").at(-1) ?? "";
  await ready(page);
  expect(await xmlOf(api, id), "byte for byte until it is changed").toBe(file);
  await page.getByRole("button", { name: /problem/ }).click();
  await page.getByRole("button", { name: "Make it runnable" }).click();
  await expect.poll(() => xmlOf(api, id)).toContain('isExecutable="true"');
  expect(await xmlOf(api, id)).toContain('o:mark="kept"');
  await saved(page);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Revisions" }).click();
  const revisions = page.getByRole("dialog", { name: "Revisions" });
  await revisions.getByRole("group").last().getByRole("button", { name: "Bring it back" }).click();
  await expect(revisions).toHaveCount(0);
  await ready(page);
  expect(await xmlOf(api, id)).toBe(file);
});

test("hostile drawings neither run nor hang", async ({ page, signIn, api }) => {
  const evil = "&lt;img src=x onerror=&quot;window.hurt=1&quot;&gt;&lt;svg onload=&quot;window.hurt=1&quot;&gt;";
  const file = `<?xml version="1.0"?><b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
    <b:process id="evil" name="${evil}" isExecutable="true"><b:documentation>&lt;script&gt;window.hurt=1&lt;/script&gt;${evil}</b:documentation>
    <b:startEvent id="s" name="${evil}"/><b:userTask id="u" name="${"long name ".repeat(10_000)}"/><b:userTask id="w" name="${"x".repeat(100_000)}"/>
    <b:sequenceFlow id="f" name="${evil}" sourceRef="s" targetRef="u"/><b:sequenceFlow id="g" sourceRef="u" targetRef="w"/></b:process></b:definitions>`;
  const { id } = await api.must<Drawing>("POST", "/process-drawings?title=Hostile", new TextEncoder().encode(file));
  await signIn(page);
  const begun = Date.now();
  await open(page, id);
  expect(Date.now() - begun, "opens as any other").toBeLessThan(8_000);
  await expect(panelOf(page).getByRole("textbox", { name: "Description" })).toHaveValue(/<script>/);
  await steps(page).locator("[data-step-name]").first().click();
  await expect(panelOf(page).getByLabel("Name", { exact: true })).toHaveValue(/<img/);
  await steps(page).locator("[data-step-name]").nth(1).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByTestId("route-map")).toBeVisible();
  expect(await page.evaluate(() => "hurt" in window)).toBe(false);
});

test("on a phone a drawing is looked at, steps first, and nothing edits it", async ({ page, signIn, api }) => {
  const { id } = await fromLines(api, "On the phone");
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, `/processes/drawings/${id}`);
  await expect(page.getByTestId("route-map").getByText("Prepare technical solution")).toBeVisible();
  await expect(page.getByTestId("designer-canvas")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Publish" })).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  const { editing } = await api.must<{ editing?: object }>("GET", `/process-drawings/${id}`);
  expect(editing, "a reader takes no lease").toBeUndefined();
});

for (const scheme of ["light", "dark"] as const) {
  test(`nothing of the designer shuts anybody out, ${scheme}`, async ({ page, signIn, api }) => {
    const { id } = await fromLines(api, `For everybody, ${scheme}`);
    await page.emulateMedia({ colorScheme: scheme });
    await signIn(page);
    await open(page, id);
    for (const name of ["Prepare technical solution", "Accepted"]) {
      await choose(page, name);
      await expect(panelOf(page).getByLabel("Name", { exact: true })).toHaveValue(name);
      const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
      const said = found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`));
      expect(said).toEqual([]);
    }
  });
}
