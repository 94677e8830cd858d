/** Ways in: an invitation, a forgotten password, a second factor and a lost device. */
import { AxeBuilder } from "@axe-core/playwright";
import { codeOf } from "../support/codes.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Ways in" });

test("somebody invited sets their password by the link, once, and is in", async ({ page, secondPage, signIn }) => {
  await signIn(page, "/settings/people");
  await page.getByRole("button", { name: "Add a person" }).click();
  const form = page.getByRole("form", { name: "Add a person" });
  await form.getByLabel("Name", { exact: true }).fill("Olga New");
  await form.getByLabel("E-mail").fill("olga@acme.example");
  await expect(form.getByRole("switch", { name: /Send an invitation/ })).toBeChecked();
  await form.getByRole("button", { name: "Add", exact: true }).click();
  const notice = page.getByRole("status").filter({ hasText: "Olga New can set a password with this link" });
  await expect(notice).toContainText("This server sends no letters");
  const link = (await notice.locator("code").textContent()) ?? "";
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/welcome#[0-9a-f]{64}$/);

  await secondPage.goto(link);
  await expect(secondPage.getByRole("heading", { name: "Hello, Olga New" })).toBeVisible();
  expect(secondPage.url(), "the secret stays in no history").not.toContain("#");
  const axe = await new AxeBuilder({ page: secondPage }).analyze();
  expect(axe.violations).toEqual([]);
  await secondPage.locator('input[name="next"]').fill("olga2026");
  await secondPage.locator('input[name="again"]').fill("olga2027");
  await secondPage.getByRole("button", { name: "Set the password" }).click();
  await expect(secondPage.getByText("The two passwords differ.")).toBeVisible();
  await secondPage.locator('input[name="again"]').fill("olga2026");
  await secondPage.getByRole("button", { name: "Set the password" }).click();
  await expect(secondPage.getByText("Too easy to guess")).toBeVisible();
  for (const name of ["next", "again"]) await secondPage.locator(`input[name="${name}"]`).fill("a walk in the rain");
  await secondPage.getByRole("button", { name: "Set the password" }).click();
  await expect(secondPage.getByRole("main")).toBeVisible();
  await expect(secondPage.getByRole("button", { name: /Olga New/ })).toBeVisible();

  await page.goto(link);
  await expect(page.getByRole("heading", { name: "The link does not work" })).toBeVisible();
  await expect(page.getByText("This link is not good any more")).toBeVisible();
});

test("who forgot the password is told what to do where no letters are sent", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.locator('input[name="email"]').fill("olga@acme.example");
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("alert")).toContainText("Ask your administrator for a link");
  await page.getByRole("link", { name: "Back to sign-in" }).click();
  await expect(page).toHaveURL(/sign-in/);
});

test("a second factor is set up, asked for, and replaced by a code on paper", async ({ page, secondPage, signIn, api, server }) => {
  const made = { name: "Piotr", email: "piotr@acme.example", password: "a house by the lake" };
  await api.must("POST", "/users", made);
  await signIn(page, made, "/settings/profile");
  await page.getByRole("button", { name: "Set up…" }).click();
  const form = page.getByRole("form", { name: "Second factor" });
  await form.locator('input[name="present"]').fill("not the password");
  await form.getByRole("button", { name: "Next" }).click();
  await expect(form.getByText("not your present password")).toBeVisible();
  await form.locator('input[name="present"]').fill(made.password);
  await form.getByRole("button", { name: "Next" }).click();
  await expect(form.getByRole("img", { name: "Picture to scan" })).toBeVisible();
  const secret = (await form.locator("code").textContent()) ?? "";
  await form.locator('input[name="totp"]').fill(codeOf(secret));
  await form.getByRole("button", { name: "Switch on" }).click();
  const notice = page.getByRole("status").filter({ hasText: "Recovery codes" });
  const codes = ((await notice.locator("code").textContent()) ?? "").split(" ");
  expect(codes).toHaveLength(10);
  await notice.getByRole("button", { name: "I have kept them" }).click();
  await expect(page.getByText("Recovery codes left: 10.")).toBeVisible();

  await secondPage.goto("/sign-in");
  await secondPage.locator('input[name="email"]').fill(made.email);
  await secondPage.locator('input[name="password"]').fill(made.password);
  await secondPage.keyboard.press("Enter");
  const code = secondPage.locator('input[name="totp"]');
  await expect(code).toBeFocused();
  await code.fill("000000");
  await secondPage.keyboard.press("Enter");
  await expect(secondPage.getByRole("alert")).toContainText("not right");
  await code.fill(codes[0] ?? "");
  await secondPage.keyboard.press("Enter");
  await expect(secondPage.getByRole("main")).toBeVisible();
  await expect(secondPage).not.toHaveURL(/sign-in/);

  // The device is lost, and so are the codes: an administrator helps.
  await page.context().clearCookies();
  await signIn(page, server.admin, "/settings/people");
  await page.getByTestId(`person-${made.email}`).click();
  await page.getByRole("button", { name: "Remove the second factor" }).click();
  // The question stands over the person: before it is there, the button is the one that asked.
  await expect(page.locator('[role="dialog"]')).toHaveCount(2);
  await page.getByRole("dialog").getByRole("button", { name: "Remove the second factor" }).last().click();
  await expect(page.getByText("signs in with the password alone now")).toBeVisible();
});
