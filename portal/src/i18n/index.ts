/**
 * Texts of the portal. English, Russian and Ukrainian; one JSON per language and feature; a language is
 * one chunk, loaded when chosen. To add a feature: three JSON files and a line in each `index.ts`.
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Locale } from "@/api/types";
import type en from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en;
    returnNull: false;
  }
}

export const locales: { code: Locale; name: string }[] = [
  { code: "ru", name: "Русский" },
  { code: "uk", name: "Українська" },
  { code: "en", name: "English" },
];

const loaders = {
  en: () => import("./en"),
  ru: () => import("./ru"),
  uk: () => import("./uk"),
} satisfies Record<Locale, () => Promise<{ default: typeof en }>>;

const storageKey = "verstak.locale";

export function isLocale(value: unknown): value is Locale {
  return value === "en" || value === "ru" || value === "uk";
}

/** The language before anyone signed in: the last used one here, else the browser's, else English. */
export function firstLocale(): Locale {
  const stored = localStorage.getItem(storageKey);
  if (isLocale(stored)) return stored;
  for (const tag of navigator.languages) {
    const code = tag.slice(0, 2);
    if (isLocale(code)) return code;
  }
  return "en";
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: false,
    ns: [],
    defaultNS: "common",
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await showLocale(firstLocale());
}

/** Loads a language and shows it. */
export async function showLocale(locale: Locale): Promise<void> {
  const resources = (await loaders[locale]()).default;
  for (const [namespace, texts] of Object.entries(resources)) {
    i18next.addResourceBundle(locale, namespace, texts, true, true);
  }
  document.documentElement.lang = locale;
  localStorage.setItem(storageKey, locale);
  await i18next.changeLanguage(locale);
}

export function currentLocale(): Locale {
  return isLocale(i18next.language) ? i18next.language : "en";
}

export default i18next;
