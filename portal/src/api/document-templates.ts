/** How papers look: our templates with their settings, templates of the company's own with their versions, trials. */
import { queryOptions } from "@tanstack/react-query";
import { addressOf, api } from "./client";
import { type OwnTemplate, templateKeys } from "./own-templates";
import type { Language, Paper } from "./papers";
import { queryClient } from "./query-client";
import type { Body, Id } from "./types";
import { type UploadOptions, upload } from "./upload";

export type PaperTemplate = Body<"Template">;
export type PaperSettings = Body<"PaperSettings">;
export type PaperTexts = Body<"PaperTexts">;
export type PaperColumn = Body<"Column">;
export type OwnVersion = Body<"OwnVersionView">;

export const paperTemplatesQuery = queryOptions({
  queryKey: [...templateKeys, "ours"],
  queryFn: ({ signal }) => api.get("/document-templates", { signal }).then(({ items }) => items),
});

export const ownVersionsQuery = (id: Id) =>
  queryOptions({
    queryKey: [...templateKeys, "own", id, "versions"],
    queryFn: ({ signal }) =>
      api.get("/document-templates/own/{id}/versions", { path: { id }, signal }).then(({ items }) => items),
    staleTime: 0,
  });

/** What there is now is read whatever came of it: after a refusal the next try begins with what others made. */
const changed = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey: templateKeys });
  }
};

/** 409 `document.template_changed` where `version` is no longer the last one. */
export const savePaperSettings = (key: Paper, version: number, settings: PaperSettings) =>
  changed(api.put("/document-templates/{key}", { version, settings }, { path: { key } }));

export interface NewOwn {
  entity: string;
  paper?: Paper;
  title?: string;
}

const octets = (file: File) => new Blob([file], { type: "application/octet-stream" });

export function addOwn({ entity, paper, title }: NewOwn, file: File, options: UploadOptions = {}) {
  const path = addressOf("/document-templates/own", { query: { entity, paper, title, name: file.name } });
  return changed(upload<"/document-templates/own">(path as "/document-templates/own", octets(file), options));
}

export const replaceOwn = (id: Id, seen: number, file: File): Promise<OwnTemplate> =>
  changed(
    api.file<OwnTemplate>(
      "PUT",
      "/document-templates/own/{id}/content",
      octets(file),
      "application/octet-stream",
      { path: { id }, query: { name: file.name, seen } },
    ),
  );

export const editOwn = (id: Id, { title = null, usual = null }: Partial<Body<"TemplateEdit">>) =>
  changed(api.patch("/document-templates/own/{id}", { title, usual }, { path: { id } }));
export const removeOwn = (id: Id) => changed(api.delete("/document-templates/own/{id}", { path: { id } }));
export const restoreOwn = (id: Id, version: number, seen: number) =>
  changed(
    api.post("/document-templates/own/{id}/versions/{version}/restore", { seen }, { path: { id, version } }),
  );

/** Where files of templates are. Plain addresses: the browser asks with the session's cookie. */
export const ownFileUrl = (id: Id, version: number) =>
  `/api/v1${addressOf("/document-templates/own/{id}/versions/{version}/content", { path: { id, version: String(version) } })}`;
export const sourceUrl = (key: Paper) =>
  `/api/v1${addressOf("/document-templates/{key}/content", { path: { key } })}`;

export interface OwnTrial {
  version: number;
  locale: Language;
  record?: Id;
}

/** A draft by an own template, which nobody keeps. */
export const ownTrialQuery = (id: Id, { version, locale, record }: OwnTrial) =>
  queryOptions({
    queryKey: ["template-trial", id, version, locale, record ?? null],
    queryFn: ({ signal }): Promise<Blob> =>
      api.bytes(
        "/document-templates/own/{id}/preview",
        { version, locale, record: record ?? null },
        { path: { id }, signal },
      ),
    gcTime: 0,
    retry: false,
  });

/** A draft by settings that are not kept yet. */
export const settingsTrialQuery = (key: Paper, settings: PaperSettings, locale: Language) =>
  queryOptions({
    queryKey: ["settings-trial", key, settings, locale],
    queryFn: ({ signal }): Promise<Blob> =>
      api.bytes(
        "/document-templates/{key}/preview",
        { settings, locale, record: null },
        { path: { key }, signal },
      ),
    gcTime: 0,
    retry: false,
  });
