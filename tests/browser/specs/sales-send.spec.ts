/** A quote as a PDF and by letter: looked at, written to the client, sent, refused and sent again; on a phone too. */
import { readFileSync } from "node:fs";
import { type Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Harbour", mail: true });

async function quote(api: Api, email: string): Promise<string> {
  const client = await api.create("company", {
    title: "Кав’ярня «Ґанок»",
    language: "uk",
    emails: email ? [{ value: email, kind: "work" }] : [],
  });
  const made = await api.create("quote", { company: client.id, currency: "UAH" });
  await api.must("PUT", `/records/quote/${made.id}/rows`, {
    rows: [{ title: "Кавомашина", quantity: 2, price: 15000 }],
  });
  return made.id;
}

test("a draft is looked at, sent by letter and becomes sent", async ({ page, signIn, api, sink }) => {
  const id = await quote(api, "owner@ganok.example");
  await signIn(page, `/records/quote/${id}`);
  await page.getByRole("main").getByRole("button", { name: "PDF", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("marked as one");
  await expect(dialog.getByRole("link", { name: "Open in a new tab" })).toHaveAttribute("href", /^blob:/);
  const coming = page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download", exact: true }).click();
  const path = await (await coming).path();
  expect(readFileSync(path).subarray(0, 5).toString()).toBe("%PDF-");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  expect((await api.get("quote", id)).fields.document_number ?? null).toBeNull();

  await page.getByRole("main").getByRole("button", { name: "Send by e-mail" }).click();
  const form = page.getByRole("dialog");
  await expect(form.getByText("owner@ganok.example")).toBeVisible();
  await expect(form.getByLabel("Subject")).toHaveValue(/Комерційна пропозиція № \{number\}/);
  await expect(form).toContainText("Attached: Комерційна пропозиція");
  // In another language, with what was typed.
  await form.getByLabel("Subject").fill("Ваша пропозиція № {number}");
  await form.getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "English" }).click();
  await expect(form.getByLabel("Text")).toHaveValue(/our quote \{number\} over ₴30,000.00/);
  await expect(form.getByLabel("Subject")).toHaveValue("Ваша пропозиція № {number}");
  await form.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  const row = page.getByTestId(/^paper-/);
  await expect(row).toContainText("Sent", { timeout: 30_000 });
  await expect(row).toContainText("to owner@ganok.example");
  await expect.poll(async () => (await api.get("quote", id)).fields.state).toBe("sent");
  const letter = sink.letters.find(({ to }) => to.includes("owner@ganok.example"));
  expect(letter?.text.match(/Content-Type: application\/pdf/g)).toHaveLength(1);
  await expect(page.getByRole("main").getByRole("button", { name: "Accepted" })).toBeVisible();
});

test("a refused letter says why, on a phone, and is sent again", async ({ page, signIn, api, sink }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const id = await quote(api, "");
  await signIn(page, `/records/quote/${id}`);
  const send = async (address: string) => {
    await page.getByRole("main").getByRole("button", { name: "Send by e-mail" }).click();
    const form = page.getByRole("dialog");
    await expect(form).toContainText("Neither the client nor the contact has an e-mail address");
    await form.getByRole("combobox", { name: "To", exact: true }).fill(address);
    await page.keyboard.press("Enter");
    await form.getByRole("button", { name: "Send", exact: true }).click();
    return form;
  };
  const form = await send("nonsense");
  await expect(form.getByRole("combobox", { name: "To", exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(form.getByRole("combobox", { name: "To", exact: true }), "what was refused is at hand").toBeFocused();
  await form.getByRole("button", { name: "Cancel" }).click();
  await form.getByRole("button", { name: /Discard/ }).click();
  sink.refusal = "550 no such user here";
  await send("gone@example.com");
  await expect(page.getByTestId(/^paper-/)).toContainText("no such user here", { timeout: 30_000 });
  expect((await api.get("quote", id)).fields.state).toBe("sending");
  sink.refusal = undefined;
  await send("right@example.com");
  await expect(page.getByTestId(/^paper-/).first()).toContainText("Sent", { timeout: 30_000 });
  await expect.poll(async () => (await api.get("quote", id)).fields.state).toBe("sent");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
});
