/** Signing in and out: a wrong password is explained, the page asked for is reached, nothing is readable without a session. */
import { expect, test } from "../support/test.ts";

test("a wrong password is explained and keeps the person on the page", async ({ page, server }) => {
  await page.goto("/sign-in");
  await page.locator('input[name="email"]').fill(server.admin.email);
  await page.locator('input[name="password"]').fill("not the password");
  await page.locator('button[type="submit"]').click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL(/sign-in/);
});

test("a link to a page leads there after sign-in", async ({ page, server }) => {
  await page.goto("/records/deal/list");
  await expect(page).toHaveURL(/sign-in/);
  await page.locator('input[name="email"]').fill(server.admin.email);
  await page.locator('input[name="password"]').fill(server.admin.password);
  await page.locator('button[type="submit"]').click();
  await expect(page).toHaveURL(/records\/deal\/list/);
});

test("without a session the API says nothing", async ({ server }) => {
  for (const path of ["/me", "/entities", "/records/lead", "/plugins", "/users", "/imports"]) {
    const answer = await fetch(`${server.url}/api/v1${path}`);
    expect(answer.status, path).toBe(401);
    expect(answer.headers.get("content-type"), path).toContain("application/problem+json");
  }
});
