/** What surrounds the work: the bin, oneself, addresses that lead nowhere, a lost line. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Around" });

test("the bin offers to restore and nothing to edit", async ({ page, signIn, api }) => {
  const gone = await api.create("company", { title: "Thrown away" });
  await api.must("DELETE", `/records/company/${gone.id}`);
  await signIn(page, "/records/company/list?deleted=true");
  await page.getByTestId(`row-${gone.id}`).getByRole("checkbox").check();
  const bar = page.getByRole("region", { name: /chosen|selected/i }).or(page.getByRole("toolbar"));
  await expect(page.getByRole("button", { name: "Restore" })).toBeVisible();
  await expect(bar.getByRole("button", { name: /Set a field|Responsible/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("1 record restored")).toBeVisible();
  await expect(page.getByTestId(`row-${gone.id}`)).toHaveCount(0);
  expect((await api.get("company", gone.id)).fields.title).toBe("Thrown away");
});

test("an address that leads nowhere keeps the sections at hand", async ({ page, signIn }) => {
  await signIn(page);
  for (const path of ["/nothing/like/this", "/records/nothing/list", "/settings/nothing"]) {
    await page.goto(path);
    await expect(page.getByText("Nothing is here"), path).toBeVisible();
    await expect(page.getByRole("navigation").first().getByRole("link", { name: "Deals" }), path).toBeVisible();
  }
});

test("without a line the pages seen so far open, and what cannot says so without foreign words", async ({ page, signIn, api }) => {
  await api.create("lead", { title: "Seen before" });
  await signIn(page);
  const loaded = (name: string) => performance.getEntriesByType("resource").some((one) => one.name.includes(name));
  // The first page has shown what it shows.
  await page.waitForFunction(loaded, "/assets/board-");
  await page.goto("/records/lead/list");
  await expect(page.getByText("Seen before")).toBeVisible();
  await page.waitForFunction(loaded, "record-page");
  await page.context().setOffline(true);
  await expect(page.getByText("No connection. Changes are not being sent.")).toBeVisible();
  await page.getByRole("navigation").first().getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
  await page.getByRole("navigation").first().getByRole("link", { name: "Leads" }).click();
  await expect(page.getByText("Seen before")).toBeVisible();
  await page.getByRole("navigation").first().getByRole("link", { name: "Plugins" }).click();
  await expect(page.getByText("There is no connection, and this page has not been opened before.")).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.getByRole("heading", { name: "Plugins" }).first()).toBeVisible();
});

test("a person sees who they are and changes their password", async ({ page, signIn, api }) => {
  const account = { email: "vera@example.org", password: "a long first password" };
  await api.must("POST", "/users", { name: "Vera", roles: [], locale: "en", ...account });
  await signIn(page, account, "/settings/profile");
  await expect(page.getByText("vera@example.org").first()).toBeVisible();
  await page.getByRole("button", { name: "Change the password…" }).click();
  const form = page.getByRole("form", { name: "Change the password" });
  await form.locator('input[name="present"]').fill("not this one");
  await form.locator('input[name="next"]').fill("a long second password");
  await form.locator('input[name="again"]').fill("a long second passwort");
  await form.getByRole("button", { name: "Change the password" }).click();
  await expect(form).toContainText("The two new passwords differ.");
  await form.locator('input[name="again"]').fill("a long second password");
  await form.getByRole("button", { name: "Change the password" }).click();
  await expect(form).toContainText("This is not your present password.");
  await form.locator('input[name="present"]').fill(account.password);
  await form.getByRole("button", { name: "Change the password" }).click();
  await expect(page).toHaveURL(/sign-in/);
  await signIn(page, { ...account, password: "a long second password" });
});

test("what comes late to one's profile moves nothing under the pointer", async ({ page, signIn }) => {
  let come = () => {};
  const waiting = new Promise<void>((resolve) => (come = resolve));
  await page.route(/assets\/day-field-/, async (route) => {
    await waiting;
    await route.continue();
  });
  await signIn(page, "/settings/profile");
  const day = page.getByLabel("Absent through");
  await expect(day).toHaveAttribute("readonly", "");
  await expect(page.getByText("Signing in asks for the password alone.")).toBeVisible();
  const button = page.getByRole("button", { name: "Change the password…" });
  const before = await button.boundingBox();
  come();
  await expect(page.getByRole("combobox", { name: "Absent through" })).toBeVisible();
  expect(await button.boundingBox()).toEqual(before);
});

test("who is known already by a phone is said while the new one is typed", async ({ page, signIn, api }) => {
  await api.create("contact", { title: "Known Person", phones: [{ value: "+44 20 7946 0123", kind: "work" }] });
  await signIn(page, "/records/contact/list");
  await page.getByRole("button", { name: "Create", exact: true }).first().click();
  const form = page.getByRole("form", { name: "New record: Contact" });
  await form.getByRole("textbox", { name: "Phones 1" }).fill("442079460123");
  await expect(form.getByText("Known already?")).toBeVisible();
  await expect(form.getByRole("link", { name: "Contact: Known Person (same phone)" })).toBeVisible();
});

test("a person sees where they are signed in, and ends what is not theirs any more", async ({ page, secondPage, signIn, api }) => {
  const account = { email: "nina@example.org", password: "a long first password" };
  await api.must("POST", "/users", { name: "Nina", roles: [], locale: "en", ...account });
  await signIn(page, account);
  await signIn(secondPage, account);
  await page.goto("/settings/profile");
  const list = page.getByRole("region", { name: "Where you are signed in" });
  await expect(list.getByText("Chrome · Linux")).toHaveCount(2);
  await expect(list.getByText("This one")).toHaveCount(1);
  await expect(list.getByText("127.0.0.1").first()).toBeVisible();
  await list.getByRole("button", { name: "End: Chrome · Linux" }).click();
  await expect(page.getByText("Signed out: Chrome · Linux")).toBeVisible();
  await expect(list.getByText("Chrome · Linux")).toHaveCount(1);
  await secondPage.goto("/settings/profile");
  await expect(secondPage).toHaveURL(/sign-in/);
  await signIn(secondPage, account);
  await page.reload();
  await list.getByRole("button", { name: "End all others" }).click();
  await expect(page.getByText("You are signed in here only")).toBeVisible();
  await expect(list.getByText("Chrome · Linux")).toHaveCount(1);
});

test("a package that is none is refused in the reader's language", async ({ page, signIn, api }) => {
  await api.must("PATCH", "/me", { locale: "ru" });
  await signIn(page, "/plugins");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Выбрать файл" }).click();
  await (await chosen).setFiles({ name: "notes.vpkg", mimeType: "application/zip", buffer: Buffer.from("no zip") });
  await expect(page.getByRole("alert")).toContainText("Это не пакет модуля, или файл повреждён.");
  await api.must("PATCH", "/me", { locale: "en" });
});
