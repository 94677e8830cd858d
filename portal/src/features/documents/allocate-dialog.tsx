/** How much of a payment goes to an invoice, and at which rate where their currencies differ. */
import { TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { allocatePayment, type Proposal } from "@/api/documents";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { recordQuery } from "@/api/records";
import type { Field, Id, RecordData, Refs } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import { decimalsOf } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { baseField, subjectShape } from "@/engines/fields/subject";
import { formatMoney } from "@/i18n/format";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { changed } from "./use-opened";

/** A proposal, or nothing: the person says which invoice. */
export interface Chosen {
  proposal?: Proposal;
}

interface Props {
  payment: RecordData;
  chosen: Chosen;
  onClose(): void;
}

export function AllocateDialog({ payment, chosen: { proposal }, onClose }: Props) {
  const { t } = useTranslation("documents");
  const own = String(payment.fields.currency ?? "");
  const [invoice, setInvoice] = useState<Id | null>(proposal?.invoice ?? null);
  const [refs, setRefs] = useState<Refs>({});
  const [amount, setAmount] = useState<number | null>(proposal?.amount ?? null);
  const [rate, setRate] = useState(proposal?.rate ?? "");
  const found = useQuery({
    ...recordQuery("invoice", invoice ?? ""),
    enabled: invoice !== null && !proposal,
  });
  const currency = proposal?.currency ?? found.data?.fields.currency;
  const differs = typeof currency === "string" && currency !== own;
  const run = useMutation({
    mutationFn: (to: Id) =>
      allocatePayment(payment.id, {
        invoice: to,
        amount,
        rate: differs && rate.trim() ? rate.trim().replace(",", ".") : undefined,
      }),
    onSuccess: (after) => {
      changed(after);
      void queryClient.invalidateQueries({ queryKey: keys.records("payment") });
      onClose();
      toast({ message: t("allocated_done"), kind: "done" });
    },
  });
  const field = { ...baseField, key: "invoice", type: "link", label: t("which_invoice"), entity: "invoice" };
  return (
    <FormDrawer
      title={proposal ? t("allocate_to", { title: proposal.title }) : t("other_invoice")}
      submit={t("allocate")}
      pending={run.isPending}
      error={run.error}
      fields={["amount", "rate"]}
      values={[invoice, amount, rate]}
      onClose={onClose}
      onSubmit={() => invoice && run.mutate(invoice)}
    >
      {!proposal && (
        <FieldEditor
          entity={subjectShape}
          field={field as Field}
          value={invoice}
          refs={refs}
          label={t("which_invoice")}
          autoFocus
          onChange={(value, more) => {
            setInvoice(typeof value === "string" ? value : null);
            if (more) setRefs((old) => ({ ...old, ...more }));
          }}
        />
      )}
      <NumberEditor
        name={t("amount_in", { currency: own })}
        shown
        autoFocus={Boolean(proposal)}
        value={amount}
        decimals={decimalsOf(own)}
        hint={t("amount_hint", { left: formatMoney(Number(payment.fields.left_over ?? 0), own) })}
        error={fieldRefusal(run.error, "amount")}
        onChange={(value) => setAmount(typeof value === "number" ? value : null)}
      />
      {differs && (
        <TextInput
          label={t("rate_of", { of: currency, own })}
          description={t("rate_hint")}
          inputMode="decimal"
          maxLength={30}
          value={rate}
          error={fieldRefusal(run.error, "rate")}
          onChange={(event) => setRate(event.currentTarget.value)}
        />
      )}
      {!invoice && <FormNote>{t("which_invoice_hint")}</FormNote>}
    </FormDrawer>
  );
}
