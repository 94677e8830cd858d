/** Kinds of records by an administrator: one of one's own with stages, fields and links, in use at once, removed and restored. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Entities" });

const dialog = (page: Page): Locator => page.getByRole("dialog");

async function addField(page: Page, name: string, type: string, pointsTo?: string): Promise<void> {
  await page.getByRole("button", { name: "Add field" }).click();
  await dialog(page).getByLabel("Name in English").fill(name);
  await dialog(page).getByRole("combobox", { name: "Type", exact: true }).click();
  await page.getByRole("option", { name: type, exact: true }).click();
  if (pointsTo) {
    await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
    await expect(dialog(page)).toContainText("This is needed.");
    await dialog(page).getByRole("combobox", { name: "Links to", exact: true }).click();
    await page.getByRole("option", { name: pointsTo, exact: true }).click();
    await page.keyboard.press("Escape");
  }
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
}

/** Addresses of the lists in the panel, in their order. */
const lists = (page: Page): Promise<string[]> =>
  page
    .locator("nav")
    .first()
    .locator('a[href^="/records/"]')
    .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));

test("a kind with stages is made, given fields and a link, and used without a reload", async ({ page, signIn, api }) => {
  await signIn(page);
  // By the palette, as somebody who does not know where it stands.
  await expect(page.getByRole("heading", { name: "Home", level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a record, a section, a command").fill("Kinds of");
  await page.getByRole("option", { name: "Kinds of records" }).click();
  await expect(page.getByText("No kinds of your own yet", { exact: false })).toBeVisible();
  // The only thing to press says what it does on a phone too.
  const size = page.viewportSize() ?? { width: 1360, height: 800 };
  await page.setViewportSize({ width: 390, height: 844 });
  const words = page.getByRole("button", { name: "New kind of record" }).getByText("New kind of record");
  await expect.poll(async () => (await words.boundingBox())?.width ?? 0).toBeGreaterThan(60);
  await page.setViewportSize(size);
  await page.getByRole("button", { name: "New kind of record" }).click();
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toContainText("A name in one language, please.");
  await dialog(page).getByLabel("Name of one (English)").fill("Machine");
  await dialog(page).getByLabel("Name of one (Русский)").fill("Станок");
  await dialog(page).getByLabel("Name of many (English)").fill("Machines");
  await dialog(page).getByLabel("Name of many (Русский)").fill("Станки");
  const key = dialog(page).getByLabel("Key", { exact: true });
  await expect(key).toHaveAttribute("placeholder", "x_machine");
  await key.fill("machine");
  await dialog(page).getByLabel("Moves through stages").check();
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toContainText("x_ and then small Latin letters");
  await key.fill("");
  await page.screenshot({ path: test.info().outputPath("new.png") });
  await dialog(page).getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Machines" })).toBeVisible();
  await expect(page.getByTestId("go-pipelines")).toBeVisible();
  await expect(page.getByRole("link", { name: "Machines", exact: true })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("made.png"), fullPage: true });

  // Before what it belongs to, by a picture that tells it from others; on a phone too.
  const spanner = page.getByRole("link", { name: "Machines", exact: true }).locator("svg.tabler-icon-tool");
  await page.getByRole("button", { name: "In the menu" }).click();
  await dialog(page).getByRole("combobox", { name: "Icon", exact: true }).click();
  await page.keyboard.type("spann");
  await page.getByRole("option", { name: "Spanner" }).click();
  await dialog(page).getByRole("combobox", { name: "Stands before", exact: true }).click();
  await page.getByRole("option", { name: "Deals", exact: true }).click();
  await page.screenshot({ path: test.info().outputPath("place.png") });
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(spanner).toBeVisible();
  const order = await lists(page);
  expect(order.indexOf("/records/x_machine")).toBe(order.indexOf("/records/deal") - 1);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(spanner).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("phone-menu.png") });
  await page.setViewportSize(size);

  await page.getByTestId("go-fields").click();
  await expect(page.getByTestId("own-stage")).toBeVisible();
  await expect(page.getByRole("table", { name: "Fields" })).not.toContainText("Other");
  await addField(page, "Serial", "Text");
  await addField(page, "Client", "Link to a record", "Companies");
  await expect(page.getByRole("row").filter({ has: page.getByTestId("own-x_client") })).toContainText("Companies");

  await page.getByTestId("own-x_serial").click();
  await dialog(page).getByLabel("Name in Russian").fill("Номер");
  await dialog(page).getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  const kept = await api.must<{ fields: { key: string; labels?: object }[] }>("GET", "/entities/x_machine");
  expect(kept.fields.find(({ key }) => key === "x_serial")?.labels).toEqual({ en: "Serial", ru: "Номер" });

  const company = await api.create("company", { title: "Acme" });
  await page.getByRole("link", { name: "Machines", exact: true }).click();
  await page.getByRole("button", { name: "Create", exact: true }).first().click();
  const form = page.getByRole("form", { name: "New record: Machine" });
  await form.getByRole("button", { name: "More fields" }).click();
  await form.getByLabel("Client").first().click();
  await page.keyboard.type("Acme");
  await page.getByRole("option", { name: "Acme" }).first().click();
  await form.getByLabel("Title").fill("Lathe 7");
  await form.getByLabel("Serial").fill("SN-1");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByText("Lathe 7").first()).toBeVisible();
  const made = (await api.byTitle("x_machine", ["Lathe 7"])).get("Lathe 7");
  expect(made?.fields).toMatchObject({ x_client: company.id, x_serial: "SN-1", stage: "new" });
  await page.screenshot({ path: test.info().outputPath("board.png") });
});

test("names change in every language, removal hides and restores it with its records", async ({ page, signIn, api }) => {
  await api.must("POST", "/entities", { key: "x_room", label: { en: "Room", uk: "Кімната" }, label_plural: { en: "Rooms" } });
  await api.must("POST", "/entities/deal/fields", { label: { en: "Held in" }, type: "link", entities: ["x_room"] });
  await api.create("x_room", { title: "Blue" });
  await signIn(page, "/settings/entities");
  await page.getByTestId("entity-x_room").click();
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(dialog(page).getByLabel("Name of one (Українська)")).toHaveValue("Кімната");
  await dialog(page).getByLabel("Name of many (English)").fill("Halls");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Halls" })).toBeVisible();

  const inMenu = page.getByRole("link", { name: "Halls", exact: true });
  for (const shown of [false, true]) {
    await page.getByRole("button", { name: "In the menu" }).click();
    await dialog(page).getByLabel("Stands in the menu").setChecked(shown);
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await expect(dialog(page)).toHaveCount(0);
    await expect(inMenu).toHaveCount(shown ? 1 : 0);
  }

  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(dialog(page)).toContainText("1 record");
  await expect(dialog(page)).toContainText("Deals: Held in");
  await dialog(page).getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByTestId("entity-x_room")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Halls", exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Restore: Halls" }).click();
  await expect(page.getByTestId("entity-x_room")).toBeVisible();
  expect((await api.byTitle("x_room", ["Blue"])).size).toBe(1);
});

for (const [locale, title, add] of [
  ["en", "Kinds of records", "New kind of record"],
  ["ru", "Разделы записей", "Новый раздел"],
  ["uk", "Розділи записів", "Новий розділ"],
] as const) {
  test(`kinds of records fit a phone, ${locale}`, async ({ page, signIn, api }) => {
    await api.must("PATCH", "/me", { locale });
    await page.setViewportSize({ width: 390, height: 844 });
    await signIn(page, "/settings/entities");
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    const fits = async (name: string) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide, name).toBeLessThanOrEqual(0);
      await page.screenshot({ path: test.info().outputPath(`${name}-${locale}.png`), fullPage: true });
    };
    await fits("all");
    await page.getByRole("button", { name: add }).first().click();
    await expect(dialog(page)).toBeVisible();
    await fits("new");
    await page.keyboard.press("Escape");
    await expect(dialog(page)).toHaveCount(0);
    await page.getByTestId("entity-deal").click();
    await expect(page.getByTestId("go-fields")).toBeVisible();
    await fits("one");
    // With one of the company's own more can be done.
    const label = { en: "Very special machine", ru: "Совершенно особенный станок", uk: "Цілком особливий верстат" };
    const made = await api.must<{ key: string }>("POST", "/entities", { label });
    await page.goto(`/settings/entities?edit=${made.key}`);
    await expect(page.getByTestId("go-fields")).toBeVisible();
    await fits("own");
    await api.must("DELETE", `/entities/${made.key}`);
    await api.must("PATCH", "/me", { locale: "en" });
  });
}
