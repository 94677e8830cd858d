/** A document as a PDF, and by letter. */
import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SaleCard } from "@/engines/card-parts";
import { papersOf, sendable } from "./papers";

const PaperDialog = lazy(() => import("./paper-dialog"));
const SendDrawer = lazy(() => import("./send-drawer"));

export function PaperButtons({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const [open, setOpen] = useState<"paper" | "letter">();
  const close = () => setOpen(undefined);
  if (papersOf(entity.key, record.fields).length === 0) return null;
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setOpen("paper")}>
        {t("pdf")}
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
