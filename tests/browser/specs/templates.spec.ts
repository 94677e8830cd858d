/** Templates of documents by an administrator: the look of ours, an own file with what is wrong with it, versions, a card's menu. */
import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Letterpress" });

const dialog = (page: Page): Locator => page.getByRole("dialog").last();
const typ = (name: string, text: string) => ({
  name,
  mimeType: "application/octet-stream",
  buffer: Buffer.from(text, "utf8"),
});

test("ours look as the company likes them, and the preview follows", async ({ page, signIn, api }) => {
  await signIn(page, "/settings/templates");
  await page.getByRole("table", { name: "Our templates" }).getByRole("button", { name: "Quote", exact: true }).click();
  const form = dialog(page);
  await expect(form.getByRole("link", { name: "Open in a new tab" })).toHaveAttribute("href", /^blob:/);
  await form.getByRole("checkbox", { name: "Unit", exact: true }).uncheck();
  await form.getByRole("button", { name: "Total: up" }).click();
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/document-templates/quote/preview"));
  await form.getByLabel("Above the rows").fill("Dear client,");
  expect((await asked).headers()["content-type"]).toBe("application/pdf");
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("row", { name: /Quote/ }).first()).toContainText("Changed");
  type Kept = { items: { key: string; settings: { columns: string[]; texts: Record<string, { intro: string }> } }[] };
  const kept = await api.must<Kept>("GET", "/document-templates");
  const quote = kept.items.find(({ key }) => key === "quote");
  expect(quote?.settings.columns).toEqual(["number", "title", "quantity", "price", "discount", "total", "tax"]);
  expect(quote?.settings.texts.en?.intro).toBe("Dear client,");
});

test("of two who change a template at once the second says whose settings hold", async ({ page, signIn, api }) => {
  type Kept = { items: { key: string; version: number; settings: Record<string, unknown> }[] };
  const act = async () => {
    const { items } = await api.must<Kept>("GET", "/document-templates");
    const found = items.find(({ key }) => key === "act");
    if (!found) throw new Error("no template of acts");
    return found;
  };
  const meanwhile = async (color: string) => {
    const { version, settings } = await act();
    await api.must("PUT", "/document-templates/act", { version, settings: { ...settings, color } });
  };
  await signIn(page, "/settings/templates?edit=act");
  const form = dialog(page);
  await form.getByLabel("Above the rows").fill("Done with care");
  await meanwhile("#112233");
  await form.getByRole("button", { name: "Save", exact: true }).click();
  const told = form.getByRole("alert").filter({ hasText: "Somebody else has changed these settings meanwhile" });
  await expect(told).toBeVisible();
  await expect(form.getByLabel("Above the rows"), "nothing that was typed is lost").toHaveValue("Done with care");
  // A third one is told of too.
  await meanwhile("#223344");
  await told.getByRole("button", { name: "Keep mine" }).click();
  await expect(told).toBeVisible();
  await told.getByRole("button", { name: "Take theirs" }).click();
  await expect(told).toHaveCount(0);
  await expect(form.getByLabel("Above the rows")).toHaveValue("");
  await expect(form.getByLabel("Colour", { exact: true })).toHaveValue("#223344");
  await form.getByLabel("Above the rows").fill("Mine after all");
  await meanwhile("#334455");
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await told.getByRole("button", { name: "Keep mine" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  const { settings } = await act();
  expect(settings).toMatchObject({ color: "#223344", texts: { en: { intro: "Mine after all" } } });
});

test("an own template is uploaded, mended, tried and used on a card", async ({ page, signIn, api }) => {
  const client = await api.create("company", { title: "Foundry" });
  const deal = await api.create("deal", { title: "Press for the foundry", company: client.id });
  await signIn(page, "/settings/templates");
  const empty = page.getByRole("region", { name: "Own templates" });
  await expect(empty).toContainText("There are no own templates yet");
  await empty.getByRole("button", { name: "Add a template" }).click();
  await dialog(page).getByRole("button", { name: "Upload", exact: true }).click();
  await expect(dialog(page)).toContainText("Choose a file first.");
  await dialog(page).getByRole("combobox", { name: "For records of" }).click();
  await page.getByRole("option", { name: "Deal", exact: true }).click();
  await dialog(page).getByTestId("file-input").setInputFiles(typ("contract.typ", "Contract\n#nothing"));
  await dialog(page).getByRole("button", { name: "Upload", exact: true }).click();
  // The line that is wrong, in words.
  await expect(dialog(page).getByRole("alert").last()).toContainText("2: unknown variable: nothing");
  const good = '#let d = json("data.json")\nContract: #d.deal.title with #d.company.title';
  await dialog(page).getByTestId("file-input").setInputFiles(typ("contract.typ", good));
  await dialog(page).getByRole("button", { name: "Upload", exact: true }).click();

  // It opens with its versions and an example.
  const form = dialog(page);
  await expect(form.getByRole("table", { name: "Versions" })).toContainText("1: contract.typ");
  await expect(form.getByRole("link", { name: "Open in a new tab" })).toHaveAttribute("href", /^blob:/);
  await form.getByTestId("file-input").setInputFiles(typ("contract.typ", `${good}, again`));
  await expect(form.getByRole("table", { name: "Versions" })).toContainText("2: contract.typ");
  await form.getByRole("button", { name: "Restore version 1" }).click();
  await expect(form.getByRole("table", { name: "Versions" })).toContainText("3: contract.typ");
  await form.getByRole("switch", { name: "Take it by default" }).check({ force: true });
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("row", { name: /contract/ })).toContainText("Default");

  await page.goto(`/records/deal/${deal.id}`);
  await page.getByRole("main").getByRole("button", { name: "Document", exact: true }).click();
  const coming = page.waitForEvent("download");
  await dialog(page).getByRole("button", { name: "Keep and download" }).click();
  const path = await (await coming).path();
  expect(readFileSync(path).subarray(0, 5).toString()).toBe("%PDF-");
  const files = await api.must<{ items: { name: string }[] }>("GET", `/records/deal/${deal.id}/files`);
  expect(files.items.map(({ name }) => name)).toEqual(["contract Press for the foundry.pdf"]);

  // What is taken by default is not removed before another choice.
  await page.goto("/settings/templates");
  await page.getByRole("button", { name: /contract/ }).click();
  await dialog(page).getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").or(page.getByRole("dialog")).last().getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByText("taken by default").first()).toBeVisible();
});

test("templates fit a phone and the keyboard", async ({ page, signIn, api }) => {
  const path = "/document-templates/own?entity=quote&name=small.typ&title=Small";
  await api.must("POST", path, new Uint8Array(Buffer.from("Small")));
  await page.setViewportSize({ width: 390, height: 800 });
  await signIn(page, "/settings/templates");
  const row = page.getByRole("button", { name: /Small/ });
  await row.focus();
  await page.keyboard.press("Enter");
  await expect(dialog(page).getByLabel("Name", { exact: true })).toBeFocused();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
  await page.screenshot({ path: test.info().outputPath("phone.png") });
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(row).toBeFocused();
});
