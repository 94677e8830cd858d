/** A lead was moved to where converting leads: the conversion is offered, wherever the move was tried. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { recordQuery } from "@/api/records";
import { useEntity } from "@/api/session";
import { closeRefused, type RefusedMove } from "@/state/refused";
import { toastError } from "@/ui/toast";
import { ConvertDialog } from "./convert-dialog";

export default function ConvertRefused({ move }: { move: RefusedMove }) {
  const entity = useEntity(move.entity);
  const record = useQuery(recordQuery(move.entity, move.id));
  const problem = record.data ? null : record.error;
  useEffect(() => {
    if (!problem) return;
    // Nothing else says that the move did not happen.
    toastError(problem);
    closeRefused();
  }, [problem]);
  if (!entity || !record.data) return null;
  return <ConvertDialog entity={entity} record={record.data} onClose={closeRefused} />;
}
