/** The import wizard beyond the plain way: another header, what values mean, cells left out, reasons together. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Importers" });

const LEADS = [
  "Export of March;;;",
  "Client;;Deal;",
  "First name;Phone;Amount;Stage",
  "Ann;+79161112233;much;Hot",
  "Bob;+79161112244;5;Hot",
].join("\n");

test("a header of two rows is chosen, a value is given a meaning, a bad cell does not lose its row", async ({
  page,
  signIn,
  api,
}) => {
  await signIn(page, "/imports/new?entity=lead");
  await expect(page.getByLabel("Or a link to a table")).toBeVisible();
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({
    name: "march.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(LEADS, "utf8"),
  });
  // The title above the table is seen; the second row of names is a person's word.
  await expect(page.getByRole("combobox", { name: "Row with the names" })).toHaveValue(/^2: Client/);
  await page.getByRole("combobox", { name: "Last row of the names" }).click();
  await page.getByRole("option", { name: /^3: First name/ }).click();
  await expect(page.getByText("Client / Phone")).toBeVisible();

  await page.getByRole("button", { name: "Values of the column Deal / Stage" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "What Hot means" }).click();
  await page.getByRole("option", { name: "In progress" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(dialog).toHaveCount(0);

  await page.getByRole("button", { name: "Check without importing" }).click();
  await expect(page.getByText("Checked; nothing is written yet")).toBeVisible();
  await expect(page.getByText("1 row without some of its cells")).toBeVisible();
  await expect(page.getByRole("table", { name: "Reasons" })).toContainText("“much” is not a number.");
  await page.getByRole("button", { name: "Import 2 rows" }).click();
  await expect(page.getByText("The import is done")).toBeVisible();
  const leads = await api.byTitle("lead", ["Ann", "Bob"]);
  expect([...leads.values()].map((lead) => lead.fields.stage)).toEqual(["in_progress", "in_progress"]);
});

test("a link that leads into the network around the server is refused with words", async ({ page, signIn }) => {
  await signIn(page, "/imports/new?entity=lead");
  await page.getByLabel("Or a link to a table").fill("https://169.254.169.254/list.csv");
  await page.getByRole("button", { name: "Take from the link" }).click();
  await expect(page.getByText("This address may not be reached.")).toBeVisible();
});
