/**
 * Texts of the portal. English, Russian and Ukrainian; one JSON per language and feature; a language is
 * one chunk, loaded when chosen; the texts of the settings (`admin.ts`), of imports (`imports.ts`), of plugins (`plugins.ts`), of
 * blocks (`blocks.ts`), of tasks and processes (`work.ts`), of
 * the designer (`drawings.ts`), of settings of messages and what is watched (`messages.ts`), of pipelines (`pipelines.ts`), of directories (`directories.ts`), of kinds of records (`entities.ts`), of fields and rules
 * (`rules.ts`), of configuration (`configuration.ts`), of reports (`reports.ts`), of rows of sale (`sales.ts`), of documents of sale (`documents.ts`), of merges and exports
 * (`records.ts`), of templates of papers (`templates.ts`), of personal links (`guests.ts`) are others, loaded with
 * the first such page. To add a feature: three JSON files and a line in each of those.
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Locale } from "@/api/types";
import type en from "./en";
import type enAdmin from "./en/admin";
import type enBlocks from "./en/blocks";
import type enConfiguration from "./en/configuration";
import type enDirectories from "./en/directories";
import type enDocuments from "./en/documents";
import type enDrawings from "./en/drawings";
import type enEntities from "./en/entities";
import type enGuests from "./en/guests";
import type enImports from "./en/imports";
import type enMessages from "./en/messages";
import type enPipelines from "./en/pipelines";
import type enPlugins from "./en/plugins";
import type enRecords from "./en/records";
import type enReports from "./en/reports";
import type enRules from "./en/rules";
import type enSales from "./en/sales";
import type enTemplates from "./en/templates";
import type enWork from "./en/work";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en &
      typeof enAdmin &
      typeof enBlocks &
      typeof enConfiguration &
      typeof enDirectories &
      typeof enDocuments &
      typeof enDrawings &
      typeof enEntities &
      typeof enGuests &
      typeof enImports &
      typeof enMessages &
      typeof enPipelines &
      typeof enPlugins &
      typeof enRecords &
      typeof enReports &
      typeof enRules &
      typeof enSales &
      typeof enTemplates &
      typeof enWork;
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

const adminLoaders = {
  en: () => import("./en/admin"),
  ru: () => import("./ru/admin"),
  uk: () => import("./uk/admin"),
} satisfies Record<Locale, () => Promise<{ default: typeof enAdmin }>>;

const workLoaders = {
  en: () => import("./en/work"),
  ru: () => import("./ru/work"),
  uk: () => import("./uk/work"),
} satisfies Record<Locale, () => Promise<{ default: typeof enWork }>>;

const blockLoaders = {
  en: () => import("./en/blocks"),
  ru: () => import("./ru/blocks"),
  uk: () => import("./uk/blocks"),
} satisfies Record<Locale, () => Promise<{ default: typeof enBlocks }>>;

const configurationLoaders = {
  en: () => import("./en/configuration"),
  ru: () => import("./ru/configuration"),
  uk: () => import("./uk/configuration"),
} satisfies Record<Locale, () => Promise<{ default: typeof enConfiguration }>>;

const directoryLoaders = {
  en: () => import("./en/directories"),
  ru: () => import("./ru/directories"),
  uk: () => import("./uk/directories"),
} satisfies Record<Locale, () => Promise<{ default: typeof enDirectories }>>;

const documentLoaders = {
  en: () => import("./en/documents"),
  ru: () => import("./ru/documents"),
  uk: () => import("./uk/documents"),
} satisfies Record<Locale, () => Promise<{ default: typeof enDocuments }>>;

const drawingLoaders = {
  en: () => import("./en/drawings"),
  ru: () => import("./ru/drawings"),
  uk: () => import("./uk/drawings"),
} satisfies Record<Locale, () => Promise<{ default: typeof enDrawings }>>;

const entityLoaders = {
  en: () => import("./en/entities"),
  ru: () => import("./ru/entities"),
  uk: () => import("./uk/entities"),
} satisfies Record<Locale, () => Promise<{ default: typeof enEntities }>>;

const guestLoaders = {
  en: () => import("./en/guests"),
  ru: () => import("./ru/guests"),
  uk: () => import("./uk/guests"),
} satisfies Record<Locale, () => Promise<{ default: typeof enGuests }>>;

const importLoaders = {
  en: () => import("./en/imports"),
  ru: () => import("./ru/imports"),
  uk: () => import("./uk/imports"),
} satisfies Record<Locale, () => Promise<{ default: typeof enImports }>>;

const messageLoaders = {
  en: () => import("./en/messages"),
  ru: () => import("./ru/messages"),
  uk: () => import("./uk/messages"),
} satisfies Record<Locale, () => Promise<{ default: typeof enMessages }>>;

const pipelineLoaders = {
  en: () => import("./en/pipelines"),
  ru: () => import("./ru/pipelines"),
  uk: () => import("./uk/pipelines"),
} satisfies Record<Locale, () => Promise<{ default: typeof enPipelines }>>;

const pluginLoaders = {
  en: () => import("./en/plugins"),
  ru: () => import("./ru/plugins"),
  uk: () => import("./uk/plugins"),
} satisfies Record<Locale, () => Promise<{ default: typeof enPlugins }>>;

const recordLoaders = {
  en: () => import("./en/records"),
  ru: () => import("./ru/records"),
  uk: () => import("./uk/records"),
} satisfies Record<Locale, () => Promise<{ default: typeof enRecords }>>;

const reportLoaders = {
  en: () => import("./en/reports"),
  ru: () => import("./ru/reports"),
  uk: () => import("./uk/reports"),
} satisfies Record<Locale, () => Promise<{ default: typeof enReports }>>;

const ruleLoaders = {
  en: () => import("./en/rules"),
  ru: () => import("./ru/rules"),
  uk: () => import("./uk/rules"),
} satisfies Record<Locale, () => Promise<{ default: typeof enRules }>>;

const saleLoaders = {
  en: () => import("./en/sales"),
  ru: () => import("./ru/sales"),
  uk: () => import("./uk/sales"),
} satisfies Record<Locale, () => Promise<{ default: typeof enSales }>>;

const templateLoaders = {
  en: () => import("./en/templates"),
  ru: () => import("./ru/templates"),
  uk: () => import("./uk/templates"),
} satisfies Record<Locale, () => Promise<{ default: typeof enTemplates }>>;

const partLoaders = {
  basic: loaders,
  admin: adminLoaders,
  blocks: blockLoaders,
  configuration: configurationLoaders,
  work: workLoaders,
  directories: directoryLoaders,
  documents: documentLoaders,
  drawings: drawingLoaders,
  entities: entityLoaders,
  guests: guestLoaders,
  imports: importLoaders,
  messages: messageLoaders,
  pipelines: pipelineLoaders,
  plugins: pluginLoaders,
  records: recordLoaders,
  reports: reportLoaders,
  rules: ruleLoaders,
  sales: saleLoaders,
  templates: templateLoaders,
};
type Part = keyof typeof partLoaders;
/** What the pages opened so far need; every language shown has all of it. */
const wanted = new Set<Part>(["basic"]);
const loaded = new Set<string>();

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

let start: () => void = () => {};
const started = new Promise<void>((resolve) => {
  start = resolve;
});

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: false,
    ns: [],
    defaultNS: "common",
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
    // Most often a page that came without its texts. Browser tests fail on it: people would read the key.
    saveMissing: true,
    missingKeyHandler: (_, namespace, key) => console.error(`no text: ${namespace}:${key}`),
  });
  await showLocale(firstLocale());
  start();
}

/** Loads all wanted parts of a language, also those that become wanted meanwhile. */
async function load(locale: Locale): Promise<void> {
  for (const part of wanted) {
    const id = `${locale}.${part}`;
    if (loaded.has(id)) continue;
    const resources = (await partLoaders[part][locale]()).default;
    for (const [namespace, texts] of Object.entries(resources)) {
      i18next.addResourceBundle(locale, namespace, texts, true, true);
    }
    loaded.add(id);
  }
}

/** For the settings: the page's script and its texts, side by side. */
export const withAdminTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("admin", page);

/** For what is made of blocks: pages, tabs and files. */
export const withBlockTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("blocks", page);

/** For imports. */
export const withImportTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("imports", page);

/** For the administration of plugins. */
export const withPluginTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("plugins", page);

/** For the configuration of the company, among the other settings. */
export const withConfigurationTexts = <T>(page: () => Promise<T>): Promise<T> =>
  withTexts("configuration", page);

/** For tasks, notifications and processes. */
export const withWorkTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("work", page);

/** For lists of options that fields share, among the settings. */
export const withDirectoryTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("directories", page);

/** For documents of sale, what they are made of and paid by. */
export const withDocumentTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("documents", page);

/** For the designer, which shows processes too. */
export const withDrawingTexts = <T>(page: () => Promise<T>): Promise<T> =>
  withTexts("work", () => withTexts("drawings", page));

/** For kinds of records, among the settings. */
export const withEntityTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("entities", page);

/** For personal links and what they open. */
export const withGuestTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("guests", page);

/** For the settings of messages, among the other settings. */
export const withMessageTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("messages", page);

/** For pipelines with their stages, among the settings. */
export const withPipelineTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("pipelines", page);

/** For merges, duplicates and exports. */
export const withRecordTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("records", page);

/** For reports, dashboards and figures. */
export const withReportTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("reports", page);

/** For fields and rules of entities, among the other settings. */
export const withRuleTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("rules", page);

/** For rows of a sale on a card. */
export const withSaleTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("sales", page);

/** For templates of papers, among the other settings. */
export const withTemplateTexts = <T>(page: () => Promise<T>): Promise<T> => withTexts("templates", page);

async function withTexts<T>(part: Part, page: () => Promise<T>): Promise<T> {
  wanted.add(part);
  const [module] = await Promise.all([page(), started.then(() => load(currentLocale()))]);
  return module;
}

/** Loads a language and shows it. */
export async function showLocale(locale: Locale): Promise<void> {
  await load(locale);
  document.documentElement.lang = locale;
  localStorage.setItem(storageKey, locale);
  await i18next.changeLanguage(locale);
}

export function currentLocale(): Locale {
  return isLocale(i18next.language) ? i18next.language : "en";
}

export default i18next;
