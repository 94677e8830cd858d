/** The words and settings field texts need, taken from the session and the language. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { Refs } from "@/api/types";
import type { Shape } from "@/engines/source";
import type { TextContext } from "./text";

export function useTextContext(entity: Shape, refs: Refs): TextContext {
  const { t } = useTranslation(["common", "fields"]);
  const { currency } = useMe().tenant;
  return useMemo(
    () => ({
      entity,
      refs,
      currency,
      words: { yes: t("common:yes"), no: t("common:no"), unknown: t("fields:unknown") },
    }),
    [entity, refs, currency, t],
  );
}
