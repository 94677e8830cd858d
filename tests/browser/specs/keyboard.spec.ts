/** The keyboard, with a Russian layout too: shortcuts by the place of a key, Esc closes what is on top. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Keys" });

/** A key as a Russian layout sends it: another letter, the same place. */
async function press(page: Page, key: string, code: string, held: { ctrl?: boolean; shift?: boolean } = {}) {
  await page.evaluate(
    ([key, code, held]) => {
      const init = { key, code, ctrlKey: held.ctrl, shiftKey: held.shift, bubbles: true, cancelable: true };
      (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", init));
    },
    [key, code, held] as const,
  );
}

test("on a Russian layout Ctrl+K opens the palette, Esc closes it, / searches, ? lists the keys", async ({ page, signIn }) => {
  await signIn(page, "/records/lead/list");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await press(page, "л", "KeyK", { ctrl: true });
  const palette = page.getByRole("dialog", { name: "Search or command" });
  await expect(palette.getByRole("textbox")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette).toHaveCount(0);

  await press(page, ".", "Slash");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("Ctrl+K works here too");
  await press(page, "л", "KeyK", { ctrl: true });
  await expect(palette).toBeVisible();
  await palette.getByRole("textbox").fill("nothing like this");
  await page.keyboard.press("Escape");
  await expect(palette).toHaveCount(0);

  await page.getByRole("main").focus();
  await press(page, ",", "Slash", { shift: true });
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a form of settings begins in its first field and asks before it loses what was typed", async ({ page, signIn }) => {
  await signIn(page, "/settings/people");
  await page.getByRole("button", { name: "Add a person" }).first().click();
  const form = page.getByRole("form", { name: "Add a person" });
  await expect(form.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.type("Olga");
  await page.keyboard.press("Escape");
  await expect(form.getByText("Close and lose what you typed?")).toBeVisible();
  await form.getByRole("button", { name: "Go on typing" }).click();
  await expect(form.getByRole("textbox", { name: "Name" })).toHaveValue("Olga");
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Discard" }).click();
  await expect(form).toHaveCount(0);
  await page.getByRole("button", { name: "Add a person" }).first().click();
  await page.keyboard.press("Escape");
  await expect(form, "nothing typed, nothing asked").toHaveCount(0);
});
