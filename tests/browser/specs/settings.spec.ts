/** The sections of the settings: in groups beside the page, by keys, and on a phone as a list that opens. */
import { expect, test } from "../support/test.ts";

test.use({ company: "Settings" });

test("sections stand in groups and are walked through by keys", async ({ page, signIn }) => {
  await signIn(page, "/settings");
  const sections = page.getByRole("navigation", { name: "Settings" });
  for (const group of ["For me", "Our company", "People and access", "Data and system"]) {
    await expect(sections.getByText(group, { exact: true })).toBeVisible();
  }
  const profile = sections.getByRole("link", { name: "My profile" });
  await expect(profile).toHaveAttribute("aria-current", "page");
  await profile.focus();
  await page.keyboard.press("ArrowUp");
  await expect(profile, "it is the first").toBeFocused();
  await page.keyboard.press("Shift+End");
  await expect(profile, "with another key they are the browser's").toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(sections.getByRole("link", { name: "Notifications" })).toBeFocused();
  await page.keyboard.press("End");
  const audit = sections.getByRole("link", { name: "Audit" });
  await expect(audit).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings\/audit$/);
  await expect(audit).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("Home");
  await expect(profile).toBeFocused();
  // An address that somebody kept goes on leading there, with what is open in it.
  await page.goto("/settings/people?edit=new");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page.locator("nav a[aria-current=page]").filter({ hasText: "People" })).toHaveCount(1);
});

for (const [locale, settings, profile, people] of [
  ["en", "Settings", "My profile", "People"],
  ["ru", "Настройки", "Мой профиль", "Сотрудники"],
  ["uk", "Налаштування", "Мій профіль", "Співробітники"],
] as const) {
  test(`on a phone they are a list, ${locale}`, async ({ page, signIn, api }) => {
    await signIn(page);
    await api.must("PATCH", "/me", { locale });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("/settings/profile");
    const sections = page.getByRole("navigation", { name: settings, exact: true });
    const link = sections.getByRole("link", { name: people });
    await expect(link).toBeHidden();
    await sections.getByRole("button", { name: profile }).click();
    await expect(link).toBeVisible();
    // Escape folds the list and loses no place.
    await sections.getByRole("link", { name: profile }).press("Escape");
    await expect(link).toBeHidden();
    await expect(sections.getByRole("button", { name: profile })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.screenshot({ path: test.info().outputPath("settings-390.png") });
    await link.click();
    await expect(page).toHaveURL(/\/settings\/people$/);
    await expect(link).toBeHidden();
    await expect(sections.getByRole("button", { name: people })).toHaveAttribute("aria-expanded", "false");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBeLessThanOrEqual(0);
  });
}
