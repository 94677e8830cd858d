/** A first page is few requests and little script. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Load" });

test("the first board takes at most 25 requests and 300 KB of script", async ({ page, signIn, api, browser, baseURL }) => {
  const lead = await api.create("lead", { title: "First seen", emails: [{ value: "a@example.org" }] });
  await signIn(page);
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  const cold = await context.newPage();
  const asked: string[] = [];
  let script = 0;
  // Fetched in an idle moment after the board is there: the panel, the pages people go to next.
  const ahead = /\/assets\/(toast-place|editors|fields|form|panel|record-card|record-page|list-page|page|selection-bar|add-card|create-dialog|expired-dialog|sign-in-form|overlays|date-editor|cell-editor|evaluate)-/;
  cold.on("requestfinished", async (request) => {
    if (ahead.test(request.url())) return;
    asked.push(request.url());
    if (request.resourceType() === "script") script += (await request.sizes()).responseBodySize;
  });
  await cold.goto("/records/lead/board");
  await expect(cold.getByTestId(`card-${lead.id}`)).toBeVisible();
  await expect(cold.getByRole("button", { name: /^Add to/ }).first()).toBeVisible();
  expect(asked.length, asked.join("\n")).toBeLessThanOrEqual(25);
  expect(script).toBeGreaterThan(0);
  expect(script / 1_000).toBeLessThan(300);
  await context.close();
});
