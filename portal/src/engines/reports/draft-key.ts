/** Where the arrangement of a dashboard is kept until it is saved. */
import type { Dashboard } from "@/api/reports-wire";
import { readDraft } from "@/engines/drafts";

type Named = Pick<Dashboard, "id" | "role">;

export const draftKey = ({ id, role }: Named): string => `dashboard.${role ?? id}`;

export const hasDraft = (dashboard: Named): boolean => readDraft(draftKey(dashboard)) !== undefined;
