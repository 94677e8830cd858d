/** A module brings an entity and a page: it is switched on, used by a person, on a phone too, switched off and on again. */
import { readFileSync } from "node:fs";
import { Api, packageFile } from "../support/api.ts";
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

test("a row of it leads to the record's card and back", async ({ page, signIn }) => {
  await signIn(page);
  await page.getByRole("link", { name: /^Leave( \d+)?$/ }).click();
  await page.getByRole("main").getByRole("link", { name: "Yearly leave" }).click();
  // The card is whole: nothing has led away from it meanwhile.
  await expect(page.getByRole("heading", { name: "Yearly leave" })).toBeVisible();
  await expect(page).toHaveURL(/records\/leave_request\//);
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`${PAGE}$`));
  await expect(page.getByText("Waiting for a decision")).toBeVisible();
});

test("on a phone the page stacks and nothing is cut off", async ({ page, signIn }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, PAGE);
  await expect(page.getByRole("button", { name: "Save", exact: true })).toBeVisible();
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
});

test("an employee asks, the head approves, and what is left of the year falls at once", async ({
  page,
  secondPage,
  signIn,
  server,
  api,
}) => {
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = (key: string) => roles.filter((one) => one.key === key).map(({ id }) => id);
  const account = (name: string) => ({ email: `${name}@example.org`, password: "correct horse battery" });
  const person = (name: string, key: string, department_id?: string) =>
    api.must<{ id: string }>("POST", "/users", {
      name,
      roles: role(key),
      department_id,
      locale: "en",
      ...account(name.toLowerCase()),
    });
  const head = await person("Ian", "leave_head");
  const sales = await api.must<{ id: string }>("POST", "/departments", { name: "Sales", head_ids: [head.id] });
  await person("Ann", "leave_employee", sales.id);
  await signIn(page, account("ann"), PAGE);
  const left = page.getByText("Days left this year").locator("..");
  await expect(left).toContainText("28");
  const ann = await Api.signIn(server, account("ann"));
  await ann.create("leave_request", { kind: "yearly", starts: "2026-06-01", ends: "2026-06-05" });
  await signIn(secondPage, account("ian"));
  await secondPage.setViewportSize({ width: 390, height: 844 });
  await secondPage.goto(PAGE);
  await secondPage.getByRole("button", { name: "Actions: Yearly leave" }).click();
  await secondPage.getByRole("menuitem", { name: "Approve" }).click();
  await expect(secondPage.getByText("Approved: 1")).toBeVisible();
  await expect(left, "live, in the employee's page").toContainText("23");
});

test("switched off, its page and its section are gone; on again, what was kept is there", async ({ page, signIn, api }) => {
  await api.must("POST", `/plugins/${ID}/disable`, {});
  await signIn(page, PAGE);
  await expect(page.getByRole("link", { name: "Leave requests" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await page.goto(PAGE);
  await expect(page.getByText("Waiting for a decision").locator("..")).toContainText("1");
});
