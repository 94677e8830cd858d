/** An administrator looks as somebody else: their pages under a bar, nothing to be changed, and the way back. */
import type { Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Glass" });

interface Role {
  id: string;
  key: string;
  name: string;
}

const bar = (page: Page) => page.getByRole("region", { name: "Looking as somebody else" });

async function roleOf(api: Api, key: string): Promise<Role> {
  const { items } = await api.must<{ items: Role[] }>("GET", "/roles");
  const role = items.find((one) => one.key === key);
  if (!role) throw new Error(`no role ${key}`);
  return role;
}

/** Somebody who sells, with a lead of their own beside one of the administrator. */
async function seller(api: Api, name: string): Promise<{ id: string; email: string; lead: string }> {
  const role = await roleOf(api, "sales_manager");
  const email = `${name.toLowerCase()}@glass.test`;
  const password = "correct horse battery";
  const { id } = await api.must<{ id: string }>("POST", "/users", { name, email, password, roles: [role.id] });
  const lead = await api.create("lead", { title: `Lead of ${name}`, owner: id });
  return { id, email, lead: lead.id };
}

test("from the list of people into their pages and back", async ({ page, signIn, api }) => {
  const ann = await seller(api, "Ann");
  await api.create("lead", { title: "Lead of the boss" });
  await signIn(page, "/settings/people");
  await expect(page.getByRole("button", { name: "View as Ada Admin" })).toHaveCount(0);
  await page.getByRole("button", { name: "View as Ann", exact: true }).click();
  await expect(bar(page)).toContainText("You look as Ann");
  await expect(page.getByRole("link", { name: "Settings" })).toHaveCount(0);

  await page.goto("/records/lead/list");
  await expect(page.getByText("Lead of Ann").first()).toBeVisible();
  await expect(page.getByText("Lead of the boss")).toHaveCount(0);
  await expect(bar(page)).toBeVisible();

  // Nothing is offered that would change something; whatever a page may offer still, the server says no, and why.
  await expect(page.getByRole("button", { name: "Create", exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Export", exact: true })).toHaveCount(0);
  await page.goto(`/records/lead/${ann.lead}`);
  await expect(page.getByRole("heading", { name: "Timeline" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Note" })).toHaveCount(0);
  const refused = await page.evaluate(async (id) => {
    const answer = await fetch(`/api/v1/records/lead/${id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fields: { title: "Changed" } }),
    });
    return { status: answer.status, code: ((await answer.json()) as { code: string }).code };
  }, ann.lead);
  expect(refused).toEqual({ status: 409, code: "view_as.read_only" });
  expect((await api.get("lead", ann.lead)).fields.title).toBe("Lead of Ann");
  await page.screenshot({ path: test.info().outputPath("bar.png") });

  // The way back by keyboard.
  const stop = bar(page).getByRole("button", { name: "Stop" });
  await stop.focus();
  await page.keyboard.press("Enter");
  await expect(bar(page)).toHaveCount(0);
  await page.goto("/records/lead/list");
  await expect(page.getByText("Lead of the boss").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Create", exact: true }).first()).toBeVisible();
  await page.goto("/settings/audit");
  await expect(page.getByText("began to look as somebody else").first()).toBeVisible();
  await expect(page.getByText("ended looking as somebody else").first()).toBeVisible();
});

test("by the palette, with a role, on a phone", async ({ page, signIn, api }) => {
  await seller(api, "Boris");
  const role = await roleOf(api, "sales_manager");
  await signIn(page);
  await expect(page.getByRole("heading", { name: "Home", level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a record, a section, a command").fill("view as bor");
  await page.getByRole("option", { name: "View as Boris" }).click();
  await expect(bar(page)).toContainText("You look as Boris");
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: "Stop looking as somebody else" }).click();
  await expect(bar(page)).toHaveCount(0);

  await page.goto(`/settings/roles?edit=${role.id}`);
  await page.getByRole("button", { name: "View with this role" }).click();
  await expect(bar(page)).toContainText(`You look with the role “${role.name}” alone`);
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto("/records/lead/list");
  await expect(bar(page)).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  const box = await bar(page).getByRole("button", { name: "Stop" }).boundingBox();
  expect(box && box.x >= 0 && box.x + box.width <= 390 && box.y >= 0).toBe(true);
  await page.screenshot({ path: test.info().outputPath("phone.png") });
  await bar(page).getByRole("button", { name: "Stop" }).click();
  await expect(bar(page)).toHaveCount(0);
});

test("it ends by itself, in every tab, and says so", async ({ page, signIn, api, context }) => {
  const vera = await seller(api, "Vera");
  await signIn(page);
  const other = await context.newPage();
  await other.goto("/");
  await expect(other.getByRole("main")).toBeVisible();
  await page.goto("/settings/people");
  await page.getByRole("button", { name: "View as Vera", exact: true }).click();
  await expect(bar(page)).toBeVisible();
  await expect(bar(other)).toContainText("You look as Vera");
  // Barred: what she sees is nothing any more.
  await api.must("PATCH", `/users/${vera.id}`, { active: false });
  await page.goto("/records/lead/list");
  await expect(page.getByText("Looking as somebody else has ended").first()).toBeVisible();
  await expect(bar(page)).toHaveCount(0);
  await expect(bar(other)).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Settings" })).toBeVisible();
});
