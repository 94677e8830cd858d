/** The home page of those who answer for others' work is never empty. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Home" });

test("an administrator and a head see the open pipeline, what is late and what is new", async ({ page, signIn, api }) => {
  const { items: roles } = await api.must<{ items: { id: string; admin?: boolean; name: string }[] }>("GET", "/roles");
  const seller = roles.find((role) => !role.admin);
  const person = { email: "head@example.org", password: "a long password of the head" };
  const made = await api.must<{ id: string }>("POST", "/users", {
    name: "Head",
    roles: seller ? [seller.id] : [],
    locale: "en",
    ...person,
  });
  await api.create("deal", { title: "Late", amount: 500, close_date: "2020-01-01" });
  await api.create("deal", { title: "Nobody's", owner: null });
  await api.create("lead", { title: "Just in" });
  await signIn(page);
  await page.goto("/");
  const pipeline = page.getByRole("region", { name: "Deals: the open pipeline" });
  await expect(pipeline.getByText("New deal")).toBeVisible();
  await expect(pipeline).toContainText("500");
  const attention = page.getByRole("region", { name: "Needs attention" });
  await expect(attention.getByRole("link", { name: "Deals past their date" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Leads: newest" })).toContainText("Just in");
  const setup = page.getByRole("region", { name: "What to set up next" });
  await expect(setup.getByRole("link", { name: "Make departments and name their heads" })).toBeVisible();
  await attention.getByRole("link", { name: "Deals past their date" }).click();
  await expect(page.getByText("Late", { exact: true })).toBeVisible();

  await page.context().clearCookies();
  await signIn(page, person);
  await page.goto("/");
  await expect(page.getByRole("region", { name: "My tasks" })).toBeVisible();
  await expect(pipeline, "somebody who answers for nobody").toHaveCount(0);
  await api.must("POST", "/departments", { name: "Sales", head_ids: [made.id] });
  await page.reload();
  await expect(pipeline).toBeVisible();
  await expect(setup, "an administrator's").toHaveCount(0);
});
