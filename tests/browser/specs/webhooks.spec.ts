/** Webhooks by an administrator: the empty page says what they are for, one is made and told of a deal, a failure is sent anew. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Webhooks", settings: { VERSTAK__WEBHOOKS__ALLOW_PRIVATE: "true" } });

interface Other {
  url: string;
  status: number;
  heard: { id: string; body: string }[];
  server: Server;
}

/** Another server, which answers as it is told. */
async function other(): Promise<Other> {
  const heard: Other["heard"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      heard.push({ id: String(request.headers["webhook-id"]), body });
      response.writeHead(one.status).end("the other server says so");
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const one: Other = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    status: 200,
    heard,
    server,
  };
  return one;
}

const dialog = (page: Page): Locator => page.getByRole("dialog");

test("a webhook is made with a secret shown once, told of a deal, and what failed is sent anew", async ({ page, signIn, api }) => {
  const there = await other();
  await signIn(page, "/settings/webhooks");
  await expect(page.getByText("tells another program at once")).toBeVisible();
  await page.getByRole("button", { name: "Add a webhook" }).click();
  await dialog(page).getByLabel("Address", { exact: true }).fill("ftp://nowhere");
  await dialog(page).getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog(page)).toContainText("Expected an address that begins with");
  await dialog(page).getByLabel("Address", { exact: true }).fill(there.url);
  const events = dialog(page).getByRole("textbox", { name: "Events" }).or(dialog(page).getByRole("combobox", { name: "Events" }));
  await events.first().fill("Deal: created");
  await page.getByRole("option", { name: "Deal: created", exact: true }).click();
  await page.keyboard.press("Escape");
  await dialog(page).getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("secret.png") });

  await api.create("deal", { title: "Told elsewhere" });
  await expect.poll(() => there.heard.length).toBe(1);
  expect(there.heard[0]?.body).toContain("deal.created");
  expect(there.heard[0]?.body).not.toContain("Told elsewhere");

  // What is not taken waits, and is sent anew by hand under the same id.
  there.status = 500;
  await api.create("deal", { title: "Not taken" });
  await expect.poll(() => there.heard.length).toBeGreaterThanOrEqual(2);
  await page.getByRole("button", { name: "Deliveries", exact: true }).click();
  const table = page.getByRole("table", { name: "Deliveries", exact: true });
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect(table).toContainText("500", { timeout: 1_000 });
  }).toPass();
  there.status = 204;
  const waiting = table.getByRole("row").filter({ hasText: "To be sent" });
  if (await waiting.count()) await waiting.getByRole("button", { name: "Send now" }).click();
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh" }).click();
    await expect(table.getByText("Taken", { exact: true })).toHaveCount(2, { timeout: 1_000 });
  }).toPass();
  expect(new Set(there.heard.map(({ id }) => id)).size).toBe(2);
  await page.screenshot({ path: test.info().outputPath("deliveries.png"), fullPage: true });

  // The secret is not shown again.
  await page.reload();
  await expect(page.getByRole("table", { name: "Webhooks" })).toContainText("127.0.0.1");
  await expect(page.getByText(/whsec_/)).toHaveCount(0);
  there.server.close();
});

for (const [locale, title] of [
  ["en", "Webhooks"],
  ["ru", "Вебхуки"],
  ["uk", "Вебхуки"],
] as const) {
  test(`webhooks fit a phone and a desk, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PATCH", "/me", { locale });
    await signIn(page);
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto("/settings/webhooks");
      await expect(page.getByRole("heading", { name: title, exact: true })).toBeVisible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: test.info().outputPath(`webhooks-${width}.png`), fullPage: true });
    }
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
