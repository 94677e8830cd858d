/** Settings of messages: gateways of SMS, addresses for what comes in, messages that plugins sent. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";
import { words } from "../support/words.ts";

test.use({ company: "Speaking" });

interface Gateway {
  key: string;
  title: string;
  url: string;
  has_secret: boolean;
}

const form = (page: Page): Locator => page.getByRole("dialog");
const gateways = (page: Page) => page.getByRole("region", { name: "SMS gateways" });

async function open(page: Page): Promise<void> {
  await page.goto("/settings/messages");
  await expect(gateways(page).getByRole("button", { name: "Add a gateway" })).toBeVisible();
}

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

test("a gateway by a template: what is wrong is told before it is sent, the secret is never shown, and it is removed", async ({ page, signIn, api }) => {
  await signIn(page);
  await open(page);
  await expect(gateways(page)).toContainText("No gateway yet");
  await gateways(page).getByRole("button", { name: "Add a gateway" }).click();
  await expect(form(page).getByLabel("Name", { exact: true }), "begins in its first field").toBeFocused();
  await form(page).getByLabel("Name", { exact: true }).fill("SMS Center");
  await expect(form(page).getByLabel("Key")).toHaveValue("sms-center");
  await form(page).getByLabel("Body").fill('{"to": "{to}", "text": {text}}');
  await expect(form(page)).toContainText("The body is no JSON");
  await form(page).getByLabel("Address", { exact: true }).fill("http://sms.example.com/send");
  await form(page).getByLabel("Secret", { exact: true }).fill("s3cret-word");
  await form(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(form(page).getByLabel("Address", { exact: true }), "leads to the first that is wrong").toBeFocused();
  await expect(form(page)).toContainText("A secret goes over https:// alone.");
  await form(page).getByLabel("Address", { exact: true }).fill("https://sms.example.com/send");
  await form(page).getByLabel("Body").fill('{"to": "{to}", "text": "{text}"}');
  const preview = form(page).getByRole("region", { name: "What would be sent" });
  await expect(preview).toContainText('"text": "Your order is \\"ready\\" & waits"');
  await expect(preview).not.toContainText("s3cret-word");
  await form(page).getByLabel("Pace").fill("5");
  await clean(page);
  await form(page).getByRole("button", { name: "Add", exact: true }).dblclick();
  await expect(form(page)).toHaveCount(0);
  const row = gateways(page).getByRole("row", { name: /SMS Center/ });
  await expect(row).toContainText("sms.example.com");
  await expect(row).toContainText("5 a second");
  await expect(row).toContainText("set");

  // Changed, the secret stays though nobody sees it; taken away, it is gone.
  await row.getByRole("button", { name: /SMS Center/ }).first().click();
  await expect(form(page).getByLabel("Secret", { exact: true })).toHaveValue("");
  expect(await page.content()).not.toContain("s3cret-word");
  await form(page).getByLabel("Pace").fill("");
  await form(page).getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("as they come");
  await expect(row).toContainText("set");
  await row.getByRole("button", { name: /SMS Center/ }).first().click();
  await form(page).getByLabel("Take the secret away").check();
  await form(page).getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("none");

  await row.getByRole("button", { name: "Delete “SMS Center”" }).click();
  await form(page).getByRole("button", { name: "Delete", exact: true }).click();
  await expect(gateways(page)).toContainText("No gateway yet");
  expect((await api.must<{ items: Gateway[] }>("GET", "/message-gateways")).items).toEqual([]);
});

test("without a line nothing typed is lost; two administrators do not write over one another unasked", async ({ page, signIn, api }) => {
  const input = { title: "Main", url: "https://a.example.com/?to={to}&text={text}", method: "GET" };
  await api.must("PUT", "/message-gateways/main", input);
  await signIn(page);
  await open(page);
  await gateways(page).getByRole("button", { name: /Main/ }).first().click();
  await form(page).getByLabel("Name", { exact: true }).fill("Main, mine");
  await page.route("**/message-gateways**", (route) => route.abort("internetdisconnected"));
  await form(page).getByRole("button", { name: "Save" }).click();
  await expect(form(page).getByRole("alert")).toContainText("cannot be reached");
  await expect(form(page).getByLabel("Name", { exact: true })).toHaveValue("Main, mine");
  await page.unroute("**/message-gateways**");

  await api.must("PUT", "/message-gateways/main", { ...input, title: "Main, theirs" });
  await form(page).getByRole("button", { name: "Save" }).click();
  await expect(form(page)).toContainText("Somebody changed this gateway meanwhile");
  await clean(page);
  await form(page).getByRole("button", { name: "Take theirs" }).click();
  await expect(form(page).getByLabel("Name", { exact: true })).toHaveValue("Main, theirs");
  await form(page).getByLabel("Name", { exact: true }).fill("Main, again");
  await api.must("PUT", "/message-gateways/main", { ...input, title: "Main, once more" });
  await form(page).getByRole("button", { name: "Save" }).click();
  await form(page).getByRole("button", { name: "Save mine" }).click();
  await expect(form(page)).toHaveCount(0);
  const { items } = await api.must<{ items: Gateway[] }>("GET", "/message-gateways");
  expect(items.map(({ title }) => title)).toEqual(["Main, again"]);

  // Closed with something typed, it asks.
  await gateways(page).getByRole("button", { name: "Add a gateway" }).click();
  await form(page).getByLabel("Name", { exact: true }).fill("Main");
  await form(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(form(page)).toContainText("There is a gateway with this key.");
  await page.keyboard.press("Escape");
  await expect(form(page).getByRole("alert").last()).toContainText(words("en", "common:discard_ask"));
  await form(page).getByRole("button", { name: words("en", "common:discard"), exact: true }).click();
  await expect(form(page)).toHaveCount(0);
});

test("an address for what comes in is told once, replaced when one says so, and closed", async ({ page, signIn, api, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page);
  await open(page);
  const inboxes = page.getByRole("region", { name: "Incoming" });
  await expect(inboxes).toContainText("No address yet");
  await inboxes.getByRole("button", { name: "Make an address: SMS" }).press("Enter");
  const told = inboxes.getByRole("status").locator("code");
  await expect(told).toContainText(/\/hooks\/inbound\/sms\/\w{20,}/);
  await inboxes.getByRole("button", { name: /Copy/ }).click();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  expect(address).toBe(await told.textContent());
  const hand = () =>
    page.request.post(address, { headers: { "content-type": "application/json" }, data: { from: "+380441234567", text: "Yes" } });
  expect((await hand()).status()).toBeLessThan(300);
  await page.reload();
  await expect(inboxes).toContainText("open since");
  await expect(told).toHaveCount(0);
  await inboxes.getByRole("button", { name: "New address: SMS" }).click();
  await form(page).getByRole("button", { name: "New address" }).click();
  await expect(told).toBeVisible();
  expect(await told.textContent()).not.toBe(address);
  expect((await hand()).status(), "the one before is none any more").toBe(404);
  await inboxes.getByRole("button", { name: "Close: SMS" }).click();
  await form(page).getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(inboxes).toContainText("No address yet");
  await expect(told).toHaveCount(0);
  expect((await api.must<{ items: object[] }>("GET", "/message-inboxes")).items).toEqual([]);
});

test("messages of plugins: the filter is in the address, and of what nobody knows a person decides", async ({ page, signIn }) => {
  const message = (id: number, state: string, more: object = {}) => ({
    id: `018f2b6e-0000-7000-8000-00000000000${id}`,
    plugin: "verstak.quiet-leads",
    key: `k${id}`,
    channel: "sms",
    gateway: "main",
    to: ["+380441234567"],
    subject: "",
    text: `Message ${id}`,
    state,
    created: "2026-11-29T10:00:00Z",
    ...more,
  });
  const all = [message(1, "unsure", { problem: "no answer within 30 s" }), message(2, "failed", { problem: "the gateway answered 400" }), message(3, "sent")];
  const settled: string[] = [];
  await page.route("**/api/v1/plugin-messages**", async (route) => {
    const url = new URL(route.request().url());
    if (route.request().method() === "POST") {
      const id = url.pathname.split("/").at(-2);
      settled.push(`${id?.slice(-1)} ${route.request().postDataJSON().decision}`);
      const one = all.find((found) => found.id === id);
      if (one) one.state = "sent";
      return route.fulfill({ status: 204 });
    }
    const state = url.searchParams.get("state");
    return route.fulfill({ json: { items: all.filter((one) => !state || one.state === state) } });
  });
  await signIn(page, "/settings/messages");
  const sent = page.getByRole("region", { name: "Messages of plugins" });
  const row = (text: string) => sent.getByRole("row", { name: new RegExp(text) });
  await expect(row("Message 1")).toContainText("nobody knows");
  await expect(row("Message 1")).toContainText("no answer within 30 s");
  await expect(row("Message 3").getByRole("button")).toHaveCount(0);
  await clean(page);
  await sent.getByLabel("State", { exact: true }).click();
  await page.getByRole("option", { name: "nobody knows" }).click();
  await expect(page).toHaveURL(/state=unsure/);
  await expect(row("Message 2")).toHaveCount(0);
  await row("Message 1").getByRole("button", { name: "It went out: “Message 1”" }).dblclick();
  await expect(sent).toContainText("There is nothing like this.");
  await sent.getByRole("button", { name: "Show all" }).click();
  await row("Message 2").getByRole("button", { name: "Send again: “Message 2”" }).click();
  await form(page).getByRole("button", { name: "Send again" }).click();
  await expect(form(page)).toHaveCount(0);
  expect(settled).toEqual(["1 sent", "2 resend"]);
});

test("without plugins that sent anything it says so; a person who is no administrator has no such page", async ({ page, signIn, api, server }) => {
  await api.must("POST", "/users", { name: "Olga", email: "olga@acme.example", password: server.admin.password, roles: [] });
  await signIn(page, { email: "olga@acme.example", password: server.admin.password }, "/settings/messages");
  await expect(page.getByText(words("en", "common:not_found_title")).first()).toBeVisible();
});

test("the record for the DNS is made of the public key; a private one is refused", async ({ page, signIn }) => {
  await signIn(page);
  await open(page);
  const mail = page.getByRole("region", { name: "Letters", exact: true });
  await mail.getByRole("button", { name: "The record for the DNS" }).press("Enter");
  await mail.getByLabel(/^Domain/).fill("acme.example");
  await mail.getByLabel(/^Selector/).fill("s1");
  await mail.getByLabel("Public key").fill("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----");
  await expect(mail).toContainText("This is the private key");
  await mail.getByLabel("Public key").fill("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAqo7yWWs821Nb8z6+oIyZZ4NEoPh2Qm4GM4rGN3wNpSA=\n-----END PUBLIC KEY-----");
  await expect(mail).toContainText("s1._domainkey.acme.example");
  await expect(mail).toContainText("v=DKIM1; k=ed25519; p=qo7yWWs821Nb8z6+oIyZZ4NEoPh2Qm4GM4rGN3wNpSA=");
  await clean(page);
});

for (const [scheme, locale] of [["dark", "ru"], ["light", "uk"]] as const) {
  test(`fits a phone and shuts nobody out, ${scheme}, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PUT", "/message-gateways/phone", { title: "Телефонний шлюз з довгою назвою", url: "https://a.example.com/?to={to}&text={text}", method: "GET" });
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 390, height: 844 });
    await signIn(page);
    await page.evaluate((code) => localStorage.setItem("verstak.locale", code), locale);
    await api.must("PATCH", "/me", { locale });
    await page.goto("/settings/messages");
    await expect(page.getByRole("region", { name: words(locale, "messages:gateways") })).toBeVisible();
    await expect(page.getByRole("region", { name: words(locale, "messages:inboxes") })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await clean(page);
    await page.getByRole("button", { name: /Телефонний/ }).first().click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await clean(page);
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
