/** Files of a record: sent, seen, saved, removed with a way back; on a phone too. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Files" });

// A picture of one pixel.
const picture = Buffer.from("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=", "base64");

for (const [device, size] of Object.entries({ desk: { width: 1360, height: 860 }, phone: { width: 390, height: 780 } })) {
  test(`files are sent, opened, removed and brought back on a ${device}`, async ({ page, signIn, api }) => {
    await page.setViewportSize(size);
    const lead = await api.create("lead", { title: `Files on a ${device}` });
    await signIn(page, `/records/lead/${lead.id}`);
    const files = page.getByRole("region", { name: "Files" });
    await files.getByTestId("file-input").setInputFiles([
      { name: "photo.gif", mimeType: "image/gif", buffer: picture },
      { name: "offer.txt", mimeType: "text/plain", buffer: Buffer.from("An offer") },
    ]);
    await expect(files.getByRole("link", { name: "offer.txt" })).toBeVisible();
    await expect(files.locator("img")).toHaveJSProperty("naturalWidth", 1);
    await expect(page.getByText("added 2 files").first()).toBeVisible();
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

test("files that did not go stay in hand: sent again when the line is back, under their own names", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "A broken line" });
  await signIn(page, `/records/lead/${lead.id}`);
  const files = page.getByRole("region", { name: "Files" });
  const name = 'Offer "Daisy" 100%22.txt';
  await expect(files.getByRole("button", { name: "pick one" })).toBeVisible();
  await page.context().setOffline(true);
  await files.getByTestId("file-input").setInputFiles([
    { name, mimeType: "text/plain", buffer: Buffer.from("An offer") },
    { name: "Price.html", mimeType: "text/html", buffer: Buffer.from("<script>document.title = 'run'</script>") },
  ]);
  const unsent = files.getByRole("list", { name: "Not sent" });
  await expect(unsent.getByRole("listitem")).toHaveCount(2);
  await expect(unsent.getByRole("listitem").first()).toContainText("cannot be reached");
  await page.context().setOffline(false);
  await unsent.getByRole("listitem").filter({ hasText: "Offer" }).getByRole("button", { name: "Try again" }).click();
  await expect(files.getByRole("link", { name })).toBeVisible();
  await unsent.getByRole("button", { name: "Do not send Price.html" }).click();
  await expect(unsent).toHaveCount(0);
  const { items } = await api.must<{ items: { name: string }[] }>("GET", `/records/lead/${lead.id}/files`);
  expect(items.map((file) => file.name)).toEqual([name]);
});

test("of many files the newest stand first, the place to add is above them, and the bin gives back what was removed", async ({
  page,
  signIn,
  api,
}) => {
  const lead = await api.create("lead", { title: "Many files" });
  for (let number = 1; number <= 12; number++) {
    await api.must("POST", `/records/lead/${lead.id}/files?name=${number}.txt`, new Uint8Array([65, 10]));
  }
  await signIn(page, `/records/lead/${lead.id}`);
  const files = page.getByRole("region", { name: "Files" });
  const list = files.getByRole("list", { name: "Files" });
  await expect(list.getByRole("link")).toHaveText(["12.txt", "11.txt", "10.txt", "9.txt", "8.txt", "7.txt", "6.txt", "5.txt"]);
  // They were added together: one line of the timeline.
  await expect(page.getByTestId("timeline-entry").filter({ hasText: "added 12 files" })).toHaveCount(1);
  await expect(page.getByTestId("timeline-entry")).toHaveCount(2);
  await files.getByRole("button", { name: "All files (12)" }).click();
  await expect(list.getByRole("link")).toHaveCount(12);
  await files.getByRole("button", { name: "Remove 3.txt" }).click();
  await expect(list.getByRole("link")).toHaveCount(11);
  await page.reload();
  await files.getByRole("button", { name: "Removed files" }).click();
  await files.getByRole("button", { name: "Restore 3.txt" }).click();
  await expect(files.getByRole("button", { name: "All files (12)" })).toBeVisible();
});

test("a file let go beside the box leaves the page and what is typed there", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Dropped beside" });
  await signIn(page, `/records/lead/${lead.id}`);
  await expect(page.getByRole("region", { name: "Files" }).getByRole("button", { name: "pick one" })).toBeVisible();
  const refused = await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt"));
    const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector("h1, [role=heading]")?.dispatchEvent(drop);
    return drop.defaultPrevented;
  });
  expect(refused, "the browser does not open it").toBe(true);
});
