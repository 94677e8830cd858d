/** From nothing to a process that runs, as people do it: in Russian without a manual, by the keyboard alone, hostile and large. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";
import { words } from "../support/words.ts";

test.use({ company: "Whole processes" });

const ready = (page: Page) => expect(page.getByTestId("designer-canvas").locator(".djs-shape").first()).toBeVisible();
const ru = (key: string) => words("ru", key);

/** Presses Tab until the focus stands on what is looked for. */
async function tabTo(page: Page, name: string | RegExp, role: "button" | "textbox" | "menuitem" = "button"): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: typeof name === "string" });
  for (let turn = 0; turn < 150; turn += 1) {
    if (await wanted.evaluateAll((all) => all.includes(document.activeElement as HTMLElement))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not come to ${name}`);
}

test("a head of sales who never saw BPMN publishes a process of five steps in Russian", async ({ page, signIn, api, server }) => {
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const admin = roles.filter(({ key }) => key === "admin").map(({ id }) => id);
  const account = { email: "head@acme.example", password: server.admin.password };
  await api.must("POST", "/users", { name: "Глава продаж", roles: admin, locale: "ru", ...account });
  await signIn(page, account, "/processes");
  await page.getByRole("button", { name: ru("processes:new_process") }).click();
  await page.getByRole("menuitem").first().click();
  await page.getByLabel(ru("drawings:process_name")).fill("Продажа оборудования");
  const lines = page.getByLabel(ru("drawings:lines"));
  await lines.pressSequentially("Позвонить клиенту | ответственный | 1д | звонок!\n");
  await lines.pressSequentially("Подготовить предложение | ответственный | 2д | предложение\n");
  await lines.pressSequentially("? Клиент согласен | да: дальше | нет: конец\n");
  await lines.pressSequentially("Выставить счёт | ответственный | 4ч | счёт!\n");
  await lines.pressSequentially("Встретиться и передать | руководитель | 1д | встреча");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: ru("drawings:new_make") }).click();
  await ready(page);
  await page.getByRole("button", { name: ru("drawings:publish"), exact: true }).click();
  const ask = page.getByRole("dialog");
  await ask.getByLabel(ru("drawings:publish_note")).fill("Первая версия");
  await ask.getByRole("button", { name: ru("drawings:publish"), exact: true }).click();
  await expect(page.getByText("Версия 1 опубликована.")).toBeVisible();
  const { items } = await api.must<{ items: { name: string; published?: number }[] }>("GET", "/process-definitions");
  expect(items.find(({ name }) => name === "Продажа оборудования")?.published).toBe(1);
  // Nothing on the way was in English.
  const words = await page.getByRole("main").innerText();
  const latin: string[] = words.match(/[A-Za-z]{4,}/g) ?? [];
  expect(latin.filter((word) => !["BPMN", "Ctrl", "bpmn"].includes(word))).toEqual([]);
});

test("the keyboard alone draws a process and publishes it", async ({ page, signIn, api }) => {
  await signIn(page, "/processes");
  await tabTo(page, "New process");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "From lines of words" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  if (!(await page.getByRole("menuitem", { name: "From lines of words" }).evaluate((one) => one === document.activeElement))) await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Name of the process")).toBeFocused();
  await page.keyboard.type("By hand alone");
  await page.keyboard.press("Tab");
  await page.keyboard.type("First\nSecond");
  await tabTo(page, "Make the drawing");
  await page.keyboard.press("Enter");
  await ready(page);
  await tabTo(page, /^Second/);
  await page.keyboard.press("Enter");
  await tabTo(page, "Add after “Second”");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Step", exact: true })).toBeVisible();
  for (let turn = 0; turn < 20 && !(await page.getByRole("menuitem", { name: "Step", exact: true }).evaluate((one) => one === document.activeElement)); turn += 1)
    await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const name = page.getByTestId("designer-panel").getByLabel("Name", { exact: true });
  await expect(name).toHaveValue("New step");
  for (let turn = 0; turn < 60 && !(await name.evaluate((one) => one === document.activeElement)); turn += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Third");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByRole("navigation", { name: "Steps" }).locator("[data-step-name]").first().focus();
  for (let turn = 0; turn < 200; turn += 1) {
    if (await page.getByRole("button", { name: "Publish", exact: true }).evaluate((one) => one === document.activeElement)) break;
    await page.keyboard.press("Shift+Tab");
  }
  await page.keyboard.press("Enter");
  const ask = page.getByRole("dialog", { name: "Publish “By hand alone”" });
  await expect(ask).toBeVisible();
  for (let turn = 0; turn < 30 && !(await ask.getByLabel("What changed").evaluate((one) => one === document.activeElement)); turn += 1) await page.keyboard.press("Tab");
  await page.keyboard.type("By keys");
  for (let turn = 0; turn < 30 && !(await ask.getByRole("button", { name: "Publish" }).evaluate((one) => one === document.activeElement)); turn += 1)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Version 1 is published.")).toBeVisible();
  const { items } = await api.must<{ items: { name: string; published?: number }[] }>("GET", "/process-definitions");
  expect(items.find((one) => one.name === "By hand alone")?.published).toBe(1);
});

test("a hostile process on the live map neither runs nor covers the page", async ({ page, signIn, api }) => {
  const evil = "&lt;img src=x onerror=&quot;window.hurt=1&quot;&gt;&lt;svg onload=&quot;window.hurt=1&quot;&gt;&lt;/svg&gt;";
  const file = `<?xml version="1.0"?><b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="x">
    <b:process id="evil-map" name="${evil}" isExecutable="true"><b:documentation>&lt;script&gt;window.hurt=1&lt;/script&gt;</b:documentation>
    <b:startEvent id="s" name="${evil}"/><b:userTask id="u" v:executors="owner" name="${evil}${"x".repeat(100)}"/><b:endEvent id="e"/>
    <b:sequenceFlow id="f" name="${evil}" sourceRef="s" targetRef="u"/><b:sequenceFlow id="g" sourceRef="u" targetRef="e"/></b:process></b:definitions>`;
  await api.must("POST", "/process-definitions?publish=true", new TextEncoder().encode(file));
  const { id } = await api.must<{ id: string }>("POST", "/process-instances", { definition: "evil-map" });
  await signIn(page);
  for (const path of [`/instances/${id}`, "/journal", "/processes/evil-map", "/tasks", "/reports/funnel?over=process"]) {
    await page.goto(path);
    await expect(page.getByRole("main")).toBeVisible();
    await expect(page.getByRole("heading").first()).toBeVisible();
    expect(await page.evaluate(() => "hurt" in window), path).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
  }
});

for (const scheme of ["light", "dark"] as const) {
  test(`the journal, an instance, tasks and their reports shut nobody out, ${scheme}`, async ({ page, signIn, api }) => {
    const drawn = await api.must<{ id: string }>("POST", "/process-drawings/from-steps", { title: `Axe ${scheme}`, lines: ["Ask | owner | 1d", "Answer | owner"] });
    const made = await api.must<{ key: string }>("POST", `/process-drawings/${drawn.id}/publish`, { note: "x" });
    const { id } = await api.must<{ id: string }>("POST", "/process-instances", { definition: made.key });
    const { items } = await api.must<{ items: { id: string }[] }>("GET", `/tasks?instance=${id}&state=open`);
    await page.emulateMedia({ colorScheme: scheme });
    await signIn(page);
    for (const path of ["/journal", `/instances/${id}`, `/tasks/${items[0]?.id}`, "/processes", `/processes/${made.key}`, "/reports/funnel?over=process", "/reports/forecast"]) {
      await page.goto(path);
      await expect(page.getByRole("main")).toBeVisible();
      await expect(page.getByRole("heading").first()).toBeVisible();
      const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
      const said = found.violations.flatMap((one) => one.nodes.map((node) => `${path} ${one.id}: ${node.target.join(" ")} ${node.failureSummary}`));
      expect(said).toEqual([]);
    }
  });
}
