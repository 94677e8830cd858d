/** Saving from a block: shown at once, put back with the reason, undone on wish. */
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { toast } from "@/ui/toast";
import { usePage } from "./context";
import type { SourceRow } from "./wire";

export interface Saving {
  /** Changes fields of a row; `said` is what the toast says of it. Undefined when it went well, else why not. */
  change(
    source: string,
    row: SourceRow,
    patch: Record<string, unknown>,
    said?: string,
  ): Promise<string | undefined>;
  fail(error: unknown, title?: string): string;
}

export function useSaving(): Saving {
  const page = usePage();
  const { t } = useTranslation(["blocks", "common"]);
  const fail = (error: unknown, title?: string) => {
    const reason = messageOf(error, t("common:network"));
    toast({ kind: "error", title: title ?? t("blocks:put_back"), message: reason });
    return reason;
  };
  const change: Saving["change"] = async (source, row, patch, said) => {
    const before = Object.fromEntries(Object.keys(patch).map((key) => [key, row.fields[key] ?? null]));
    try {
      await page.save(source, row, patch);
    } catch (error) {
      return fail(error);
    }
    const now = page.source(source).rows?.find(({ id }) => id === row.id) ?? row;
    if (said) {
      toast({
        message: said,
        action: { label: t("common:undo"), run: () => void change(source, now, before) },
      });
    }
    return undefined;
  };
  return { change, fail };
}
export { newKey };
