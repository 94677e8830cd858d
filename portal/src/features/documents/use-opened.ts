/** What follows when a document was made or changed: everything around it is asked again, the new one is opened. */
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Derived, refreshDocuments } from "@/api/documents";
import { putRecord } from "@/api/records";
import type { Id, RecordData } from "@/api/types";
import { toast } from "@/ui/toast";

const around = ["deal", "quote", "order", "invoice"];

export function changed(record: RecordData): void {
  putRecord(record);
  refreshDocuments(around, record.id);
}

export function useOpenRecord(): (entity: string, id: Id) => void {
  const navigate = useNavigate();
  return (entity, id) => void navigate({ to: "/records/$entity/$id", params: { entity, id } });
}

/** Opens what was made; says how many rows have another price or tax from the new day on. */
export function useOpenMade(): (made: Derived) => void {
  const { t } = useTranslation("documents");
  const open = useOpenRecord();
  return ({ entity, id, changes }) => {
    refreshDocuments(around);
    open(entity, id);
    toast({ message: changes.length > 0 ? t("made_changed", { count: changes.length }) : t("made") });
  };
}
