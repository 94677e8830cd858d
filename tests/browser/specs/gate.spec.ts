/** For whom a module is on, as two administrators work on it. */
import { LEAD_DESK } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Gates" });

interface Made {
  id: string;
}
type Gated = { gate: { id: string; name: string | null }[] | null };

test("a department is found by typing; Enter takes it and saves nothing; what a colleague did meanwhile is not lost", async ({
  page,
  signIn,
  api,
}) => {
  await api.enableLeadDesk();
  const sales = await api.must<Made>("POST", "/departments", { name: "Sales" });
  const service = await api.must<Made>("POST", "/departments", { name: "Service" });
  const gate = async () => (await api.must<Gated>("GET", `/plugins/${LEAD_DESK}`)).gate?.map(({ id }) => id) ?? null;
  await signIn(page, `/plugins/${LEAD_DESK}?tab=gate`);
  await page.getByRole("checkbox", { name: "For everybody in the company" }).uncheck();
  await expect(page.getByText("it is on for nobody")).toBeVisible();
  const departments = page.getByRole("combobox", { name: "Departments" }).or(page.getByRole("textbox", { name: "Departments" }));
  await departments.fill("Sal");
  await departments.press("Enter");
  await expect(page.getByText("it is on for nobody")).toHaveCount(0);
  await departments.fill("no such department");
  await departments.press("Enter");
  expect(await gate(), "nothing is saved by Enter in the search").toBeNull();

  // Kept over another tab and a reload.
  await page.goto(`/plugins/${LEAD_DESK}?tab=logs`);
  await page.goto(`/plugins/${LEAD_DESK}?tab=gate`);
  await expect(page.getByText("Sales", { exact: true }).first()).toBeVisible();

  await api.must("PUT", `/plugins/${LEAD_DESK}/gate`, { departments: [service.id] });
  await page.getByRole("button", { name: "Save" }).click();
  const moved = page.getByRole("alert").filter({ hasText: "Another administrator changed this meanwhile" });
  await expect(moved).toContainText("Now: Service");
  expect(await gate()).toEqual([service.id]);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(await gate()).toEqual([sales.id]);
});
