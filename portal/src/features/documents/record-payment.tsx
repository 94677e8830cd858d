/** A payment that came for an invoice: it is recorded and pays the invoice in one go. */
import { TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { recordPayment } from "@/api/documents";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Entity, Fields, RecordData, Value } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import { decimalsOf } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { fieldOf } from "@/engines/fields/text";
import { formatMoney } from "@/i18n/format";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { filledIn } from "./payment";
import { useKeyOf } from "./use-key-of";
import { changed } from "./use-opened";

/** Beside the amount, where this person may fill them in. */
const asked = ["currency", "paid_on", "method", "purpose"];

interface Props {
  /** Payments. */
  entity: Entity;
  invoice: RecordData;
  debt: number;
  onClose(): void;
}

export function RecordPayment({ entity, invoice, debt, onClose }: Props) {
  const { t } = useTranslation("documents");
  const of = String(invoice.fields.currency ?? "");
  const number = String(invoice.fields.document_number ?? "");
  const [amount, setAmount] = useState<Value>(debt);
  const [fields, setFields] = useState<Fields>({
    currency: of,
    paid_on: null,
    purpose: number && t("payment_for", { number }),
  });
  const [rate, setRate] = useState("");
  const keyOf = useKeyOf();
  const own = String(fields.currency ?? "") || of;
  const run = useMutation({
    mutationFn: () => {
      const typed = rate.trim().replace(",", ".");
      const body = { fields: filledIn({ ...fields, amount }), rate: own !== of && typed ? typed : undefined };
      return recordPayment(invoice.id, body, keyOf(JSON.stringify(body)));
    },
    onSuccess: (made) => {
      changed(made);
      void queryClient.invalidateQueries({ queryKey: keys.records("payment") });
      onClose();
      toast({ message: t("payment_recorded"), kind: "done" });
    },
  });
  return (
    <FormDrawer
      title={t("record_payment")}
      submit={t("record_now")}
      pending={run.isPending}
      error={run.error}
      fields={["amount", "rate", ...asked]}
      values={[amount, fields, rate]}
      onClose={onClose}
      onSubmit={() => run.mutate()}
    >
      <FormNote>{t("record_text", { debt: formatMoney(debt, of) })}</FormNote>
      <NumberEditor
        name={t("amount_in", { currency: own })}
        shown
        required
        autoFocus
        value={amount}
        decimals={decimalsOf(own)}
        error={fieldRefusal(run.error, "amount")}
        onChange={setAmount}
      />
      {asked.map((key) => {
        const field = fieldOf(entity, key);
        if (!field) return null;
        return (
          <FieldEditor
            key={key}
            entity={entity}
            field={field}
            value={fields[key] ?? null}
            fields={fields}
            refs={{}}
            label={key === "paid_on" ? t("paid_on_today", { label: field.label }) : field.label}
            error={fieldRefusal(run.error, key)}
            onChange={(value, _, beside) => setFields((old) => ({ ...old, [key]: value, ...beside }))}
          />
        );
      })}
      {own !== of && (
        <TextInput
          label={t("rate_of", { of, own })}
          description={t("rate_hint")}
          inputMode="decimal"
          maxLength={30}
          value={rate}
          error={fieldRefusal(run.error, "rate")}
          onChange={(event) => setRate(event.currentTarget.value)}
        />
      )}
    </FormDrawer>
  );
}
