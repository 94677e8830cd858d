/** A module brings an entity and a page: it is switched on, used by a person, on a phone too, switched off and on again. */
import { readFileSync } from "node:fs";
import { packageFile } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Holiday" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.leave-requests";
const PAGE = `/app/${ID}/leave`;

test("a module that is switched on is in the menu, and its page does what it is for", async ({ page, signIn, api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("leave-requests"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await signIn(page);
  await page.getByRole("link", { name: "Leave", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${PAGE}$`));
  await expect(page.getByText("Nothing here yet.")).toBeVisible();
  await api.create("leave_request", { kind: "yearly", starts: "2026-03-02", ends: "2026-03-04" });
  await expect(page.getByText("Nothing here yet."), "what others do comes by itself").toHaveCount(0);
  await expect(page.getByText("Waiting for a decision").locator("..")).toContainText("1");
});

test("on a phone the page stacks and nothing is cut off", async ({ page, signIn }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  await page.goto(PAGE);
  await expect(page.getByRole("button", { name: "Save" })).toBeVisible();
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
});

test("switched off, its page and its section are gone; on again, what was kept is there", async ({ page, signIn, api }) => {
  await api.must("POST", `/plugins/${ID}/disable`, {});
  await signIn(page);
  await page.goto(PAGE);
  await expect(page.getByRole("link", { name: "Leave requests" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await page.goto(PAGE);
  await expect(page.getByText("Waiting for a decision").locator("..")).toContainText("1");
});
