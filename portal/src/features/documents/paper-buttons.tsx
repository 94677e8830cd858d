/** A document as a PDF, and by letter. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { ownTemplatesQuery } from "@/api/own-templates";
import type { SaleCard } from "@/engines/card-parts";
import { choicesOf } from "./choices";
import { papersOf, sendable } from "./papers";

const PaperDialog = lazy(() => import("./paper-dialog"));
const SendDrawer = lazy(() => import("./send-drawer"));

export function PaperButtons({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const [open, setOpen] = useState<"paper" | "letter">();
  const close = () => setOpen(undefined);
  const sale = papersOf(entity.key, record.fields).length > 0;
  // Only what is no document of sale needs to know: the others have ours anyway.
  const own = useQuery({ ...ownTemplatesQuery, enabled: !sale });
  const choices = choicesOf(entity.key, record.fields, own.data ?? []);
  if (choices.length === 0) return null;
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setOpen("paper")}>
        {t(sale ? "pdf" : "document")}
      </Button>
      {entity.actions.update && sendable(entity.key, record.fields) && (
        <Button size="compact-sm" variant="default" onClick={() => setOpen("letter")}>
          {t("by_letter")}
        </Button>
      )}
      <Suspense>
        {open === "paper" && <PaperDialog entity={entity} record={record} onClose={close} />}
        {open === "letter" && <SendDrawer entity={entity} record={record} onClose={close} />}
      </Suspense>
    </>
  );
}
