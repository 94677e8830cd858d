/** The rights of roles as an administrator works on them: nothing typed is lost, and a new entity is not forgotten. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Rights" });

test("what was changed in a role and not saved is there after leaving, a reload and an ended session", async ({
  page,
  signIn,
  api,
  server,
}) => {
  const role = await api.must<{ id: string }>("POST", "/roles", { key: "helpers", name: "Helpers", rows: [], field_rights: [] });
  await signIn(page, `/settings/roles?edit=${role.id}`);
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("Helpers of the desk");
  await expect(page.getByText("Changes are not saved yet")).toBeVisible();
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.goBack();
  await page.goto("/settings/roles");
  await expect(page.getByText("Not saved")).toBeVisible();
  await page.getByRole("button", { name: /Helpers/ }).click();
  await page.reload();
  await expect(name).toHaveValue("Helpers of the desk");

  await page.route(/\/api\/v1\/roles\//, (route) => route.abort("internetdisconnected"));
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The server cannot be reached").first()).toBeVisible();
  await expect(name).toHaveValue("Helpers of the desk");
  await page.unroute(/\/api\/v1\/roles\//);

  await page.context().clearCookies();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await page.getByRole("button", { name: "Sign in" }).first().click();
  await page.locator('input[name="password"]').fill(server.admin.password);
  await page.locator('input[name="password"]').press("Enter");
  await expect
    .poll(async () => {
      const { items } = await api.must<{ items: { id: string; name: string }[] }>("GET", "/roles");
      return items.find(({ id }) => id === role.id)?.name;
    })
    .toBe("Helpers of the desk");
  await expect(page.getByText("Not saved")).toHaveCount(0);
});

test("changes of a role are thrown away, and come back", async ({ page, signIn, api }) => {
  const role = await api.must<{ id: string }>("POST", "/roles", { key: "guests", name: "Guests", rows: [], field_rights: [] });
  await signIn(page, `/settings/roles?edit=${role.id}`);
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("Guests of honour");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await expect(name).toHaveValue("Guests");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(name).toHaveValue("Guests of honour");
});

test("an entity that only administrators see is said where roles are", async ({ page, signIn, api }) => {
  const label = { en: "Visit" };
  const made = await api.must<{ key: string }>("POST", "/entities", { key: "x_visit", label, label_plural: { en: "Visits" } });
  await signIn(page, "/settings/roles");
  const notice = page.getByRole("status").filter({ hasText: "Only administrators see “Visits”" });
  await notice.getByRole("button").first().click();
  await expect(page).toHaveURL(/edit=/);
  const { items } = await api.must<{ items: { id: string; name: string; admin: boolean; rows: object[]; field_rights: object[] }[] }>(
    "GET",
    "/roles",
  );
  const role = items.find(({ admin }) => !admin);
  if (!role) throw new Error("there is no role but that of administrators");
  const rows = [...role.rows, { kind: "permission", entity: made.key, actions: ["read"] }];
  await api.must("PATCH", `/roles/${role.id}`, { name: role.name, rows, field_rights: role.field_rights });
  await page.goto("/settings/roles");
  await expect(page.getByRole("button", { name: new RegExp(role.name) }).first()).toBeVisible();
  await expect(notice).toHaveCount(0);
});

test("of many rules one is found by name, changed and saved", async ({ page, signIn, api }) => {
  const entities = ["lead", "deal", "contact", "company", "activity", "task", "product", "quote", "order", "invoice"];
  const rows = entities.map((entity) => ({ kind: "permission", entity, actions: ["read"] }));
  const role = await api.must<{ id: string }>("POST", "/roles", { key: "many", name: "Many", rows, field_rights: [] });
  await signIn(page, `/settings/roles?edit=${role.id}`);
  await expect(page.getByRole("group", { name: /^Allow: / })).toHaveCount(entities.length);
  await expect(page.getByRole("checkbox", { name: "delete" })).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Find a rule by name" }).fill("deals");
  const rule = page.getByRole("group", { name: "Allow: Deals" });
  await rule.getByRole("checkbox", { name: "delete" }).check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect
    .poll(async () => {
      const { items } = await api.must<{ items: { id: string; rows: { entity: string; actions: string[] }[] }[] }>("GET", "/roles");
      return items.find(({ id }) => id === role.id)?.rows.find(({ entity }) => entity === "deal")?.actions;
    })
    .toEqual(["read", "delete"]);
});
