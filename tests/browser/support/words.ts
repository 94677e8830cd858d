/** The portal's own texts, so that a test reads a page in any of its languages. */
import { readFileSync } from "node:fs";

export type Locale = "en" | "ru" | "uk";

/** The words of a key such as `common:retry`; `{{...}}` and what follows are left out. */
export function words(locale: Locale, key: string): string {
  const [space, name] = key.split(":") as [string, string];
  const file = new URL(`../../../portal/src/i18n/${locale}/${space}.json`, import.meta.url);
  const text = (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>)[name];
  if (text === undefined) throw new Error(`there is no text ${key} in ${locale}`);
  return text.split("{{")[0]?.trimEnd() ?? "";
}
