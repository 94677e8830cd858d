/** Signing in by a provider: set up and tried out by an administrator, used by somebody without a password here. */
import { AxeBuilder } from "@axe-core/playwright";
import { codeOf } from "../support/codes.ts";
import { CLIENT, startIdp } from "../support/idp.ts";
import { expect, test } from "../support/test.ts";

test.use({
  company: "Providers",
  settings: { VERSTAK__WEBHOOKS__ALLOW_PRIVATE: "true", VERSTAK__HTTP__PUBLIC_URL: "http://{address}" },
});

test("a provider is set up, tried out, and lets in whom it vouches for", async ({ page, secondPage, signIn, api }) => {
  const idp = await startIdp({ Ann: "ann@acme.example", Nobody: "nobody@acme.example" });
  await api.must("POST", "/users", { name: "Ann Away", email: "ann@acme.example" });
  await signIn(page, "/settings/providers");
  await expect(page.getByText("No provider yet")).toBeVisible();
  await page.getByRole("button", { name: "Add a provider" }).click();
  const form = page.getByRole("form", { name: "Add a provider" });
  await form.getByLabel("Button", { exact: true }).fill("Acme ID");
  await form.getByLabel("Issuer", { exact: true }).fill("id.acme.example");
  await form.getByLabel("Client id", { exact: true }).fill(CLIENT.id);
  await form.getByLabel("Client secret", { exact: true }).fill(CLIENT.secret);
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await expect(form).toContainText("it begins with https://");
  await form.getByLabel("Issuer", { exact: true }).fill(`${idp.url}/nothing`);
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await expect(form).toHaveCount(0);

  // What is wrong is named, and the way out.
  await page.getByRole("button", { name: "Test the connection" }).click();
  await expect(page.getByRole("alert")).toContainText("Acme ID does not work yet");
  await expect(page.getByRole("alert")).toContainText("openid-configuration");
  await page.getByTitle("Change Acme ID").click();
  const change = page.getByRole("form", { name: "Change the provider" });
  await change.getByLabel("Issuer", { exact: true }).fill(idp.url);
  await change.getByRole("button", { name: "Save", exact: true }).click();
  // A secret goes to nobody but whoever gave it.
  await expect(change).toContainText("Required.");
  await change.getByLabel("Client secret", { exact: true }).fill(CLIENT.secret);
  await change.getByRole("button", { name: "Save", exact: true }).click();
  await expect(change).toHaveCount(0);
  await page.getByRole("button", { name: "Test the connection" }).click();
  await expect(page.getByText("Acme ID answers, knows the client")).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("settings.png") });

  await secondPage.goto("/settings/profile");
  await expect(secondPage).toHaveURL(/sign-in/);
  await expect(secondPage.getByRole("button", { name: "Acme ID" })).toBeVisible();
  const axe = await new AxeBuilder({ page: secondPage }).analyze();
  expect(axe.violations).toEqual([]);
  await secondPage.getByRole("button", { name: "Acme ID" }).click();
  await secondPage.getByRole("link", { name: "Continue as Nobody" }).click();
  await expect(secondPage.getByRole("alert")).toContainText("Nobody here has your e-mail of the provider");
  await secondPage.screenshot({ path: test.info().outputPath("refused.png") });
  await secondPage.getByRole("button", { name: "Acme ID" }).click();
  await secondPage.getByRole("link", { name: "Continue as Ann" }).click();
  await expect(secondPage).toHaveURL(/\/settings\/profile$/);
  await expect(secondPage.getByRole("button", { name: /Ann Away/ })).toBeVisible();

  // Her administrator sees that she is known there.
  await page.goto("/settings/people");
  await page.getByTestId("person-ann@acme.example").click();
  await expect(page.getByRole("button", { name: "Unlink from sign-in providers" })).toBeVisible();
  idp.stop();
});

test("a second factor is asked for after the provider, and passwords may be left to administrators", async ({ page, secondPage, signIn, api }) => {
  const idp = await startIdp({ Piotr: "piotr@acme.example" });
  const made = { name: "Piotr", email: "piotr@acme.example", password: "a house by the lake" };
  await api.must("POST", "/users", made);
  const provider = {
    label: "House ID",
    issuer: idp.url,
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    passwords: false,
  };
  await api.must("POST", "/sign-in-providers", { ...provider, passwords: true });
  // He sets up a second factor while his password still lets him in.
  await signIn(page, made, "/settings/profile");
  await page.getByRole("button", { name: "Set up…" }).click();
  const form = page.getByRole("form", { name: "Second factor" });
  await form.locator('input[name="present"]').fill(made.password);
  await form.getByRole("button", { name: "Next" }).click();
  await expect(form.getByRole("img", { name: "Picture to scan" })).toBeVisible();
  const secret = (await form.locator("code").textContent()) ?? "";
  await form.locator('input[name="totp"]').fill(codeOf(secret));
  await form.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Recovery codes" })).toBeVisible();

  const { items } = await api.must<{ items: { id: string; label: string }[] }>("GET", "/sign-in-providers");
  const id = items.find(({ label }) => label === "House ID")?.id;
  await api.must("PUT", `/sign-in-providers/${id}`, provider);
  await secondPage.goto("/sign-in");
  await secondPage.locator('input[name="email"]').fill(made.email);
  await secondPage.locator('input[name="password"]').fill(made.password);
  await secondPage.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(secondPage.getByRole("alert")).toContainText("use the button below instead of a password");
  await secondPage.getByRole("button", { name: "House ID" }).click();
  await secondPage.getByRole("link", { name: "Continue as Piotr" }).click();
  await expect(secondPage.getByText("One step is left: your second factor.")).toBeVisible();
  await secondPage.locator('input[name="totp"]').fill("000000");
  await secondPage.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(secondPage.getByRole("alert")).toContainText("This code is not right");
  await secondPage.locator('input[name="totp"]').fill(codeOf(secret, 1));
  await secondPage.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(secondPage).not.toHaveURL(/sign-in/);
  await expect(secondPage.getByRole("button", { name: /Piotr/ })).toBeVisible();
  idp.stop();
});

test("whoever is invited may come in by the provider and needs no password", async ({ page, api }) => {
  const idp = await startIdp({ Nina: "nina@acme.example" });
  const provider = { label: "Nina ID", issuer: idp.url, client_id: CLIENT.id, client_secret: CLIENT.secret };
  const { id: made } = await api.must<{ id: string }>("POST", "/sign-in-providers", provider);
  const { id } = await api.must<{ id: string }>("POST", "/users", { name: "Nina New", email: "nina@acme.example" });
  const { path } = await api.must<{ path: string }>("POST", `/users/${id}/invite`);
  await page.goto(path);
  await expect(page.getByRole("form", { name: "Hello, Nina New" })).toBeVisible();
  await page.getByRole("button", { name: "Nina ID" }).click();
  await page.getByRole("link", { name: "Continue as Nina" }).click();
  await expect(page).not.toHaveURL(/welcome|sign-in/);
  await expect(page.getByRole("button", { name: /Nina New/ })).toBeVisible();
  await api.must("DELETE", `/sign-in-providers/${made}`);
  idp.stop();
});
