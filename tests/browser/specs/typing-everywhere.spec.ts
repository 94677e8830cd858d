/**
 * Typing is sacred on every editor, in Russian and in English: without a line, on a slow one, refused, and with an ended
 * session, the letters of the one who types on land where they are typed, and what was typed before is kept and sent.
 */
import type { Locator, Page, Route } from "@playwright/test";
import type { Api, Row } from "../support/api.ts";
import { expect, test } from "../support/test.ts";
import { type Locale, words } from "../support/words.ts";

type Condition = (typeof CONDITIONS)[number];
type Language = "en" | "ru";

interface Editor {
  key: string;
  typed: Record<Language, string>;
  /** What the record then holds; what was typed, unless it is said. */
  saved?: unknown;
}

const MAIL = "new@example.org";
const EDITORS: Editor[] = [
  { key: "amount", typed: { en: "1,045,800.5", ru: "1 045 800,5" }, saved: 1_045_800.5 },
  { key: "last_name", typed: { en: "Kowalska", ru: "Ёлкина-Щукина" } },
  { key: "birthdate", typed: { en: "12/20/1990", ru: "20.12.1990" }, saved: "1990-12-20" },
  { key: "emails", typed: { en: MAIL, ru: MAIL }, saved: [expect.objectContaining({ value: MAIL })] },
  { key: "source_description", typed: { en: "Call after lunch", ru: "Звонить после обеда" } },
];
const SENTENCE = { en: "Meanwhile they write on", ru: "А тем временем пишут дальше" };
const CONDITIONS = ["offline", "slow", "refused", "expired"] as const;

test.use({ company: "Everywhere" });

const isSave = (route: Route) => route.request().method() === "PATCH";

/** Breaks the saving of a record; the answer mends it. */
async function breakSaving(page: Page, id: string, condition: Condition): Promise<() => Promise<void>> {
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

/** Opens the record and waits for what its page asks for by itself: a session that ends meanwhile would be told of there. */
async function arrive(page: Page, id: string): Promise<void> {
  const asked = [`/records/lead/${id}/files`, `/process-instances?subject=${id}`, `/records/lead/${id}/timeline`];
  const answers = asked.map((address) => page.waitForResponse((answer) => answer.url().includes(address)));
  await page.goto(`/records/lead/${id}`);
  await Promise.all(answers);
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

interface Case {
  lead: Row;
  editor: Editor;
  locale: Language;
  condition: Condition;
  password: string;
}

async function check(page: Page, api: Api, { lead, editor, locale, condition, password }: Case): Promise<void> {
  const { row, input } = fieldOf(page, editor.key);
  await expect(row.locator("[data-edit]")).toBeVisible();
  const mend = await breakSaving(page, lead.id, condition);
  const asked = page.waitForRequest((one) => one.method() === "PATCH");
  await row.locator("[data-edit]").click();
  await input.fill(editor.typed[locale]);
  const note = page.getByRole("textbox", { name: words(locale, "card:note") });
  await note.click();
  await asked;
  await note.pressSequentially(SENTENCE[locale], { delay: 15 });
  await expect(note, `${editor.key}: the focus stays`).toBeFocused();
  await expect(note, `${editor.key}: no letter is lost`).toHaveValue(SENTENCE[locale]);
  const failed = condition === "offline" || condition === "refused";
  if (failed) {
    await expect(row, `${editor.key}: it does not claim to be saved`).toContainText(words(locale, "fields:not_saved"));
  }
  await mend();
  if (condition === "expired") await signInAgain(page, locale, password);
  if (failed) await row.getByRole("button", { name: words(locale, "common:retry") }).click();
  await expect
    .poll(async () => (await api.get("lead", lead.id)).fields[editor.key], { message: editor.key })
    .toEqual(editor.saved ?? editor.typed[locale]);
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
          await arrive(page, lead.id);
          await check(page, api, { lead, editor, locale, condition, password: server.admin.password });
        }
        await api.must("PATCH", "/me", { locale: "en" });
      });
    }
  });
}
