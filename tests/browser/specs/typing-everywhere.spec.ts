/**
 * Typing is sacred on every editor, in Russian and in English: without a line, on a slow one, refused, and with an ended
 * session, the letters of the one who types on land where they are typed, and what was typed before is kept and sent.
 */
import type { Locator, Page, Route } from "@playwright/test";
import type { Api, Row } from "../support/api.ts";
import { expect, test } from "../support/test.ts";
import { type Locale, words } from "../support/words.ts";

interface Editor {
  key: string;
  typed: Record<"en" | "ru", string>;
  /** What the record then holds. */
  saved: unknown;
}

const EDITORS: Editor[] = [
  { key: "amount", typed: { en: "1,045,800.5", ru: "1 045 800,5" }, saved: 1_045_800.5 },
  { key: "last_name", typed: { en: "Kowalska", ru: "Ёлкина-Щукина" }, saved: undefined },
  { key: "birthdate", typed: { en: "12/20/1990", ru: "20.12.1990" }, saved: "1990-12-20" },
  { key: "emails", typed: { en: "new@example.org", ru: "new@example.org" }, saved: undefined },
  { key: "comments", typed: { en: "Call after lunch", ru: "Звонить после обеда" }, saved: undefined },
];
const SENTENCE = { en: "Meanwhile they write on", ru: "А тем временем пишут дальше" };
const CONDITIONS = ["offline", "slow", "refused", "expired"] as const;

test.use({ company: "Everywhere" });

const isSave = (route: Route) => route.request().method() === "PATCH";

/** Breaks the saving of a record; the answer mends it. */
async function breakSaving(page: Page, id: string, condition: (typeof CONDITIONS)[number]): Promise<() => Promise<void>> {
  const address = new RegExp(`/api/v1/records/lead/${id}$`);
  if (condition === "expired") {
    await page.context().clearCookies();
    return async () => undefined;
  }
  let mend = () => {};
  const mended = new Promise<void>((resolve) => {
    mend = resolve;
  });
  const refusal = { status: 422, code: "hook.rejected", detail: "Not now", fields: {} };
  await page.route(address, async (route) => {
    if (!isSave(route)) return route.fallback();
    if (condition === "offline") return route.abort("internetdisconnected");
    if (condition === "refused") {
      return route.fulfill({ status: 422, contentType: "application/problem+json", json: refusal });
    }
    await mended;
    return route.fallback();
  });
  return async () => {
    mend();
    if (condition !== "slow") await page.unroute(address);
  };
}

function fieldOf(page: Page, key: string): { row: Locator; input: Locator } {
  const row = page.getByTestId(`field-${key}`);
  return { row, input: row.locator("input:not([type=hidden]), textarea").first() };
}

async function signInAgain(page: Page, locale: Locale, password: string): Promise<void> {
  await page.getByRole("button", { name: words(locale, "session:submit") }).first().click();
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press("Enter");
}

async function check(page: Page, api: Api, lead: Row, editor: Editor, locale: "en" | "ru", condition: (typeof CONDITIONS)[number], password: string) {
  const mend = await breakSaving(page, lead.id, condition);
  const { row, input } = fieldOf(page, editor.key);
  const asked = condition === "expired" ? undefined : page.waitForRequest((one) => one.method() === "PATCH");
  await row.locator("[data-edit]").click();
  await input.fill(editor.typed[locale]);
  const note = page.getByRole("textbox", { name: words(locale, "card:note") });
  await note.click();
  await asked;
  await note.pressSequentially(SENTENCE[locale], { delay: 15 });
  await expect(note, `${editor.key}: the focus stays`).toBeFocused();
  await expect(note, `${editor.key}: no letter is lost`).toHaveValue(SENTENCE[locale]);
  if (condition === "offline" || condition === "refused") {
    await expect(row, `${editor.key}: it does not claim to be saved`).toContainText(words(locale, "fields:not_saved"));
  }
  await mend();
  if (condition === "expired") await signInAgain(page, locale, password);
  if (condition === "offline" || condition === "refused") {
    await row.getByRole("button", { name: words(locale, "common:retry") }).click();
  }
  const wanted = editor.saved ?? (editor.key === "emails" ? undefined : editor.typed[locale]);
  await expect
    .poll(async () => {
      const value = (await api.get("lead", lead.id)).fields[editor.key];
      return editor.key === "emails" ? JSON.stringify(value).includes(editor.typed[locale]) || undefined : value;
    })
    .toEqual(editor.key === "emails" ? true : wanted);
  await expect(note).toHaveValue(SENTENCE[locale]);
  await note.fill("");
}

for (const locale of ["en", "ru"] as const) {
  test.describe(locale, () => {
    test.use({ locale: locale === "ru" ? "ru-RU" : "en-US" });
    for (const condition of CONDITIONS) {
      test(`each editor keeps what is typed: ${condition}, ${locale}`, async ({ page, signIn, api, server }) => {
        test.slow();
        await api.must("PATCH", "/me", { locale });
        await signIn(page);
        for (const editor of EDITORS) {
          const lead = await api.create("lead", { title: `${condition} ${editor.key}`, phones: [] });
          await page.goto(`/records/lead/${lead.id}`);
          await check(page, api, lead, editor, locale, condition, server.admin.password);
        }
        await api.must("PATCH", "/me", { locale: "en" });
      });
    }
  });
}
