/** Files of a record: sent, seen, saved, removed with a way back; on a phone too. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Files" });

// A picture of one pixel.
const picture = Buffer.from("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=", "base64");

for (const [device, size] of Object.entries({ desk: { width: 1360, height: 860 }, phone: { width: 390, height: 780 } })) {
  test(`files are sent, opened, removed and brought back on a ${device}`, async ({ page, signIn, api }) => {
    await page.setViewportSize(size);
    const lead = await api.create("lead", { title: `Files on a ${device}` });
    await signIn(page);
    await page.goto(`/records/lead/${lead.id}`);
    const files = page.getByRole("region", { name: "Files" });
    await files.getByTestId("file-input").setInputFiles([
      { name: "photo.gif", mimeType: "image/gif", buffer: picture },
      { name: "offer.txt", mimeType: "text/plain", buffer: Buffer.from("An offer") },
    ]);
    await expect(files.getByRole("link", { name: "offer.txt" })).toBeVisible();
    await expect(files.locator("img")).toHaveJSProperty("naturalWidth", 1);
    await expect(page.getByText("added a file").first()).toBeVisible();
    const shown = await page.request.get((await files.getByRole("link", { name: "offer.txt" }).getAttribute("href")) ?? "");
    expect(await shown.text()).toBe("An offer");
    await files.getByRole("button", { name: "Remove offer.txt" }).click();
    await expect(files.getByRole("link", { name: "offer.txt" })).toHaveCount(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(files.getByRole("link", { name: "offer.txt" })).toBeVisible();
    // Nothing stands out of the card.
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide).toBe(false);
  });
}
