/** A page for everybody: an administrator opens it, a stranger without an account sends something by it, keys alone, on a phone. */
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { packageFile } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Strangers" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.callback-requests";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PATH = `/p/strangers/${ID}/ask`;

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary}`));
}

test("a page is closed until an administrator opens it, and its address is there to copy", async ({ page, secondPage, signIn, api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("callback-requests"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await secondPage.goto(PATH);
  await expect(secondPage.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await signIn(page, `/plugins/${ID}?tab=routes`);
  await expect(page.getByText("Closed: strangers find no page.")).toHaveCount(2);
  const open = page.getByRole("switch", { name: "Ask for a call: open to everybody" });
  await open.focus();
  await page.keyboard.press("Space");
  await expect(page.getByText(PATH)).toBeVisible();
  await expect(open).toBeChecked();
  await page.screenshot({ path: test.info().outputPath("addresses.png") });
  await secondPage.reload();
  await expect(secondPage.getByRole("heading", { name: "Ask for a call", exact: true })).toBeVisible();
});

test("a stranger sends by keys alone, once, and is thanked; the company has it", async ({ page, api }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(PATH);
  const form = page.getByRole("form", { name: "Your request" });
  await form.getByLabel("Name").focus();
  await page.keyboard.type("Ivan");
  await page.keyboard.press("Tab");
  await page.keyboard.type("call me");
  await page.keyboard.press("Enter");
  await expect(form).toContainText("This is no phone number.");
  await form.getByLabel("Phone").fill("+380 44 000-00-01");
  await form.getByLabel("Phone").press("Enter");
  await expect(page.getByText("Thank you. We will call you back within the working day.").first()).toBeVisible();
  await expect(form).toHaveCount(0);
  const { items } = await api.must<{ items: { fields: { phone: string } }[] }>("GET", "/records/callback_request");
  expect(items.map(({ fields }) => fields.phone)).toEqual(["+380 44 000-00-01"]);
  // The next one at this screen finds nothing of it.
  await page.reload();
  await expect(form.getByLabel("Name")).toHaveValue("");
  await expect(page.getByText("1 person waits for a call now.")).toBeVisible();
  const inside = asked.filter((path) => path.startsWith("/api/v1/") && !path.startsWith("/api/v1/public/"));
  expect(inside, "nothing else of the company is asked for").toEqual([]);
});

test("a photo goes with a request, and a link of one's own shows that request alone", async ({ page, api }) => {
  await api.must("PUT", `/plugins/${ID}/public-pages/mine`, { open: true });
  await page.goto(PATH);
  const form = page.getByRole("form", { name: "Your request" });
  await form.getByLabel("Name").fill("Olga");
  await form.getByLabel("Phone").fill("+380 44 000-00-02");
  const photos = form.locator('input[type="file"]');
  await photos.setInputFiles([{ name: "run.html", mimeType: "image/png", buffer: Buffer.from("<html><script>1</script>") }]);
  await expect(form).toContainText("A picture, a PDF, a text or an office document, not an empty file.");
  const head = Buffer.from("89504e470d0a1a0a", "hex");
  await photos.setInputFiles([{ name: "lathe.png", mimeType: "image/png", buffer: head }]);
  await expect(form.getByText("lathe.png")).toBeVisible();
  await expect(form.getByText("The file is being sent.")).toHaveCount(0);
  await form.getByRole("button", { name: "Ask for a call" }).click();
  const told = page.getByText(/See here whether we have called/);
  await expect(told).toBeVisible();
  const link = /\/p\/\S+#[0-9a-f]{64}/.exec(await told.innerText())?.[0] ?? "";
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByText("Olga, your request is here. We will call you back within the working day.")).toBeVisible();
  await page.goto("about:blank");
  await page.goto(`${link.slice(0, -1)}x`);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  const { items } = await api.must<{ items: { id: string; fields: { name: string } }[] }>("GET", "/records/callback_request");
  const olga = items.find(({ fields }) => fields.name === "Olga");
  const files = await api.must<{ items: { name: string }[] }>("GET", `/records/callback_request/${olga?.id}/files`);
  expect(files.items.map(({ name }) => name)).toEqual(["lathe.png"]);
});

test("an administrator sees whose links there are, and ends one", async ({ page, signIn, api }) => {
  await signIn(page, `/plugins/${ID}?tab=routes`);
  await page.getByRole("button", { name: "My request: personal links" }).click();
  const end = page.getByRole("button", { name: "End the link of Olga" });
  await expect(end).toBeVisible();
  await end.click();
  await expect(page.getByText("Whoever has the link opens nothing with it any more. It cannot be undone.")).toBeVisible();
  await page.getByRole("button", { name: "End", exact: true }).last().click();
  await expect(end).toHaveCount(0);
  const { items } = await api.must<{ items: { title: string }[] }>("GET", `/plugins/${ID}/public-pages/mine/links`);
  expect(items.map(({ title }) => title)).toEqual(["Ivan"]);
});

for (const [locale, title, gone] of [
  ["en", "Ask for a call", "There is no such page"],
  ["ru", "Заказать звонок", "Такой страницы нет"],
  ["uk", "Замовити дзвінок", "Такої сторінки немає"],
] as const) {
  test(`it fits a phone and is readable by everybody, ${locale}`, async ({ page }) => {
    await page.addInitScript((code) => {
      // An empty page has no storage.
      if (location.protocol !== "about:") localStorage.setItem("verstak.locale", code);
    }, locale);
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto("about:blank");
      await page.goto(PATH);
      await expect(page.getByRole("heading", { name: title, exact: true, level: 1 })).toBeVisible();
      await expect(page.getByRole("button", { name: title, exact: true })).toBeVisible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`public-${width}.png`), fullPage: true });
    }
    await page.goto(`/p/strangers/${ID}/other`);
    await expect(page.getByRole("heading", { name: gone })).toBeVisible();
  });
}

test("while the module is off strangers read what it left", async ({ page, api }) => {
  await api.must("POST", `/plugins/${ID}/disable`, {});
  await page.goto(PATH);
  await expect(page.getByRole("heading", { name: "This page is closed now" })).toBeVisible();
  await expect(page.getByText("We take no requests here at the moment. Please call us.")).toBeVisible();
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Ask for a call", exact: true, level: 1 })).toBeVisible();
});
