/** Where the arrangement of a dashboard is kept until it is saved. */
import { readDraft } from "@/engines/drafts";

export const draftKey = (id: string): string => `dashboard.${id}`;

export const hasDraft = (id: string): boolean => readDraft(draftKey(id)) !== undefined;
