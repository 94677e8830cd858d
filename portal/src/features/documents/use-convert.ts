/** Who is known already of what a lead says, and what follows when it was converted. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { aroundQuery, type Converted, refreshDocuments } from "@/api/documents";
import { undoBatch } from "@/api/records";
import { useEntity } from "@/api/session";
import type { Entity, Filter, Id, RecordData } from "@/api/types";
import { addressesOf } from "@/engines/fields/addresses";
import { progressToast, toast, toastError } from "@/ui/toast";
import { type Becoming, homeOf } from "./convert";
import { useOpenRecord } from "./use-opened";

const most = 5;

/** Contacts with its phones and e-mails, companies of its company's name. */
export function useKnown(lead: RecordData): {
  known: Partial<Record<Becoming, RecordData[]>>;
  ready: boolean;
} {
  const contact = useEntity("contact");
  const company = useEntity("company");
  const name = String(lead.fields.company_title ?? "").trim();
  const reach = addressesOf(lead.fields);
  const contacts = useFound(contact, { or: reach } as Filter, reach.length > 0);
  const companies = useFound(company, { field: "title", op: "contains", value: name }, name !== "");
  return {
    known: { contact: contacts.data?.items, company: companies.data?.items },
    ready: !contacts.isLoading && !companies.isLoading,
  };
}

function useFound(entity: Entity | undefined, filter: Filter, asks: boolean) {
  return useQuery({
    ...aroundQuery(entity?.key ?? "", filter, [entity?.title_field ?? "title", "number"], most),
    enabled: asks && Boolean(entity?.actions.read),
  });
}

const touched = ["lead", "contact", "company", "deal", "activity", "task"];

/** Opens what the lead became, with a way back. */
export function useConverted(lead: Id): (made: Converted) => void {
  const { t } = useTranslation(["documents", "common", "list"]);
  const open = useOpenRecord();
  const undo = async (batch: Id) => {
    const note = progressToast((done, total) => t("common:undoing", { done, total }));
    try {
      const { restored, kept_total: kept } = await undoBatch(batch, note.show);
      const words = kept ? "list:undone_kept" : "list:undone";
      toast({ message: t(words, { count: restored, kept }) });
      open("lead", lead);
    } catch (error) {
      toastError(error);
    }
    note.hide();
    refreshDocuments(touched);
  };
  return (made) => {
    refreshDocuments(touched, lead);
    const home = homeOf(made);
    if (home) open(home.entity, home.id);
    const moved = made.moved > 0 ? t("documents:moved", { count: made.moved }) : "";
    const stayed = made.stayed > 0 ? t("documents:stayed", { count: made.stayed }) : "";
    toast({
      message: [t("documents:converted"), moved, stayed].filter(Boolean).join(" "),
      action: { label: t("common:undo"), run: () => void undo(made.batch) },
      stay: 15_000,
    });
  };
}
