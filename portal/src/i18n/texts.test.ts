import i18next from "i18next";
import { describe, expect, it } from "vitest";
import basicEn from "./en";
import adminEn from "./en/admin";
import blocksEn from "./en/blocks";
import configurationEn from "./en/configuration";
import directoriesEn from "./en/directories";
import documentsEn from "./en/documents";
import drawingsEn from "./en/drawings";
import entitiesEn from "./en/entities";
import guestsEn from "./en/guests";
import importsEn from "./en/imports";
import messagesEn from "./en/messages";
import pipelinesEn from "./en/pipelines";
import pluginsEn from "./en/plugins";
import recordsEn from "./en/records";
import reportsEn from "./en/reports";
import rulesEn from "./en/rules";
import salesEn from "./en/sales";
import templatesEn from "./en/templates";
import workEn from "./en/work";
import basicRu from "./ru";
import adminRu from "./ru/admin";
import blocksRu from "./ru/blocks";
import configurationRu from "./ru/configuration";
import directoriesRu from "./ru/directories";
import documentsRu from "./ru/documents";
import drawingsRu from "./ru/drawings";
import entitiesRu from "./ru/entities";
import guestsRu from "./ru/guests";
import importsRu from "./ru/imports";
import messagesRu from "./ru/messages";
import pipelinesRu from "./ru/pipelines";
import pluginsRu from "./ru/plugins";
import recordsRu from "./ru/records";
import reportsRu from "./ru/reports";
import rulesRu from "./ru/rules";
import salesRu from "./ru/sales";
import templatesRu from "./ru/templates";
import workRu from "./ru/work";
import basicUk from "./uk";
import adminUk from "./uk/admin";
import blocksUk from "./uk/blocks";
import configurationUk from "./uk/configuration";
import directoriesUk from "./uk/directories";
import documentsUk from "./uk/documents";
import drawingsUk from "./uk/drawings";
import entitiesUk from "./uk/entities";
import guestsUk from "./uk/guests";
import importsUk from "./uk/imports";
import messagesUk from "./uk/messages";
import pipelinesUk from "./uk/pipelines";
import pluginsUk from "./uk/plugins";
import recordsUk from "./uk/records";
import reportsUk from "./uk/reports";
import rulesUk from "./uk/rules";
import salesUk from "./uk/sales";
import templatesUk from "./uk/templates";
import workUk from "./uk/work";

const en = {
  ...basicEn,
  ...adminEn,
  ...blocksEn,
  ...importsEn,
  ...pluginsEn,
  ...configurationEn,
  ...workEn,
  ...directoriesEn,
  ...documentsEn,
  ...drawingsEn,
  ...entitiesEn,
  ...guestsEn,
  ...messagesEn,
  ...pipelinesEn,
  ...recordsEn,
  ...reportsEn,
  ...rulesEn,
  ...salesEn,
  ...templatesEn,
};
const ru = {
  ...basicRu,
  ...adminRu,
  ...blocksRu,
  ...importsRu,
  ...pluginsRu,
  ...configurationRu,
  ...workRu,
  ...directoriesRu,
  ...documentsRu,
  ...drawingsRu,
  ...entitiesRu,
  ...guestsRu,
  ...messagesRu,
  ...pipelinesRu,
  ...recordsRu,
  ...reportsRu,
  ...rulesRu,
  ...salesRu,
  ...templatesRu,
};
const uk = {
  ...basicUk,
  ...adminUk,
  ...blocksUk,
  ...importsUk,
  ...pluginsUk,
  ...configurationUk,
  ...workUk,
  ...directoriesUk,
  ...documentsUk,
  ...drawingsUk,
  ...entitiesUk,
  ...guestsUk,
  ...messagesUk,
  ...pipelinesUk,
  ...recordsUk,
  ...reportsUk,
  ...rulesUk,
  ...salesUk,
  ...templatesUk,
};

type Texts = Record<string, Record<string, string>>;
const all: Record<string, Texts> = { en, ru, uk };
const forms: Record<string, string[]> = {
  en: ["one", "other"],
  ru: ["one", "few", "many", "other"],
  uk: ["one", "few", "many", "other"],
};
const suffix = /_(zero|one|two|few|many|other)$/;
const holes = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).sort();

/** Keys without plural endings; plural ones marked. */
function shape(texts: Record<string, string>): string[] {
  return [...new Set(Object.keys(texts).map((key) => key.replace(suffix, "_PLURAL")))].sort();
}

describe("texts", () => {
  for (const language of ["ru", "uk"]) {
    it(`${language} has exactly the keys of English`, () => {
      expect(Object.keys(all[language] ?? {}).sort()).toEqual(Object.keys(en).sort());
      for (const [namespace, texts] of Object.entries(en)) {
        expect(shape(all[language]?.[namespace] ?? {}), namespace).toEqual(shape(texts));
      }
    });
  }

  for (const [language, namespaces] of Object.entries(all)) {
    it(`${language} has every plural form, no empty text and the same places for values`, () => {
      for (const [namespace, texts] of Object.entries(namespaces)) {
        for (const [key, text] of Object.entries(texts)) {
          const at = `${language}/${namespace}.${key}`;
          expect(text.trim(), at).not.toBe("");
          const base = key.replace(suffix, "");
          const english = (en as Texts)[namespace] ?? {};
          const original = english[key] ?? english[`${base}_other`] ?? "";
          expect(holes(text), at).toEqual(holes(original));
          if (!suffix.test(key)) continue;
          for (const form of forms[language] ?? [])
            expect(texts[`${base}_${form}`], `${at}: ${form}`).toBeDefined();
        }
      }
    });
  }

  it("counts right in Russian and Ukrainian", async () => {
    const instance = i18next.createInstance();
    await instance.init({ lng: "ru", resources: { ru, uk, en }, interpolation: { escapeValue: false } });
    const say = (lng: string, count: number) => instance.getFixedT(lng, "common")("records", { count });
    expect([1, 2, 5, 11, 21, 22, 112].map((count) => say("ru", count))).toEqual([
      "1 запись",
      "2 записи",
      "5 записей",
      "11 записей",
      "21 запись",
      "22 записи",
      "112 записей",
    ]);
    expect([1, 3, 5, 21].map((count) => say("uk", count))).toEqual([
      "1 запис",
      "3 записи",
      "5 записів",
      "21 запис",
    ]);
    expect([1, 2].map((count) => say("en", count))).toEqual(["1 record", "2 records"]);
  });
});
