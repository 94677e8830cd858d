/** The first page is the dashboard of one's role and is never empty. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Home" });

test("an administrator sees the cards of their role, arranges them and takes it back", async ({ page, signIn, api }) => {
  await api.create("deal", { title: "Open", amount: 500, currency: "USD" });
  await signIn(page, "/");
  const cards = page.locator("section[data-editing]");
  await expect(cards.first()).toBeVisible();
  const before = await cards.count();
  const setup = page.getByRole("region", { name: "What to set up next" });
  await expect(setup.getByRole("link", { name: "Make departments and name their heads" })).toBeVisible();
  await page.getByRole("button", { name: "Arrange this page" }).click();
  await page.getByRole("button", { name: "Add a card" }).click();
  await page.getByRole("menuitem", { name: "Text", exact: true }).click();
  await page.getByRole("textbox", { name: "Text" }).fill("Meeting at ten");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Text", exact: true })).toContainText("Meeting at ten");
  await expect(cards).toHaveCount(before + 1);
  await page.getByRole("button", { name: "Arrange this page" }).click();
  await page.getByRole("button", { name: "As it was built in" }).click();
  await expect(page.getByText("Meeting at ten")).toHaveCount(0);
  await expect(cards).toHaveCount(before);
});

test("a new colleague in an empty company finds no empty card: each has figures or an act", async ({ page, signIn, api }) => {
  const { items: roles } = await api.must<{ items: { id: string; admin?: boolean }[] }>("GET", "/roles");
  const seller = roles.find((role) => !role.admin);
  const person = { email: "new@example.org", password: "a long password of the new one" };
  await api.must("POST", "/users", { name: "New", roles: seller ? [seller.id] : [], locale: "en", ...person });
  await signIn(page, person, "/");
  const cards = page.locator("section[data-editing]");
  await expect(cards.first()).toBeVisible();
  await expect(page.getByText(/^As of/)).toBeVisible();
  for (const card of await cards.all()) expect((await card.innerText()).split("\n").length).toBeGreaterThan(1);
  await expect(page.getByRole("button", { name: "Arrange this page" }), "an administrator's").toHaveCount(0);
  await expect(page.getByRole("region", { name: "What to set up next" }), "an administrator's").toHaveCount(0);
});
