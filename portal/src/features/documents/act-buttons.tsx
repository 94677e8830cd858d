/** Buttons of what a document's state allows. What cannot be taken back is asked first. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { SaleCard } from "@/engines/card-parts";
import { type Act, actsOf } from "./acts";
import { RowsDialog } from "./rows-dialog";
import { ReviseDialog, StepDialog, VoidDialog } from "./step-dialogs";

const nameOf = (act: Act) => (act.kind === "step" ? act.step : act.kind === "make" ? act.to : act.kind);

export function ActButtons({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const entities = useEntities();
  const [open, setOpen] = useState<Act>();
  const may = (act: Act) => {
    if (act.kind === "step" || act.kind === "void") return entity.actions.update;
    const made = act.kind === "make" ? act.to : act.kind === "revise" ? "quote" : "invoice";
    return entities.some(({ key, actions }) => key === made && actions.create);
  };
  const acts = actsOf(entity.key, record.fields).filter(may);
  // The way on stands out; a deal has several, and to credit or to void is none.
  const way = acts[0]?.kind === "step" || acts[0]?.kind === "make";
  const first = way && entity.key !== "deal" ? acts[0] : undefined;
  const close = () => setOpen(undefined);
  return (
    <>
      {acts.map((act) => (
        <Button
          key={nameOf(act)}
          size="compact-sm"
          variant={act === first ? "filled" : "default"}
          onClick={() => setOpen(act)}
        >
          {act.kind === "make" ? t(`make_${act.to}`) : t(`do_${act.kind === "step" ? act.step : act.kind}`)}
        </Button>
      ))}
      {open?.kind === "step" && (
        <StepDialog entity={entity} record={record} step={open.step} onClose={close} />
      )}
      {open?.kind === "revise" && <ReviseDialog record={record} onClose={close} />}
      {open?.kind === "void" && <VoidDialog record={record} onClose={close} />}
      {open?.kind === "make" && <RowsDialog entity={entity} record={record} to={open.to} onClose={close} />}
      {open?.kind === "credit" && <RowsDialog entity={entity} record={record} to="credit" onClose={close} />}
    </>
  );
}
