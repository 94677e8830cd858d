/** What was paid of an invoice and by which payments, what its client has left over, and a payment that came just now. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { allocatePayment, type Credit, invoicePaymentsQuery, type PaidPart } from "@/api/documents";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { useEntity } from "@/api/session";
import type { Id, RecordData } from "@/api/types";
import { formatDate, formatMoney } from "@/i18n/format";
import { CardSection } from "@/ui/panel";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { Fact, Facts, FootButtons, Hint, PickFacts, PickRow } from "@/ui/work";
import { RecordPayment } from "./record-payment";
import { changed } from "./use-opened";

const owed = ["issued", "partly_paid", "paid"];

export function PaidBy({ record }: { record: RecordData }) {
  const { t } = useTranslation("documents");
  const { fields } = record;
  const entity = useEntity("payment");
  const [recording, setRecording] = useState(false);
  const asks = owed.includes(String(fields.state)) && fields.kind === "invoice";
  // The version is no part of the key: what was paid stays while it is asked again.
  const query = useQuery({ ...invoicePaymentsQuery(record.id), enabled: asks });
  const allocate = useAllocate(record.id);
  const currency = String(fields.currency ?? "");
  const credited = Number(fields.credited ?? 0);
  if (!asks) return null;
  // A payment that is being typed stays when the line is lost for a moment.
  if (query.isError && !query.data) {
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  }
  if (!query.data) return null;
  const { items, paid, unseen, debt, credit } = query.data;
  const may = Boolean(entity?.actions.update);
  return (
    <>
      <CardSection title={t("paid_by")}>
        <Facts>
          <Fact name={t("paid_sum")}>{formatMoney(paid, currency)}</Fact>
          {credited !== 0 && <Fact name={t("credited_sum")}>{formatMoney(credited, currency)}</Fact>}
          <Fact name={t("debt_sum")}>{formatMoney(debt, currency)}</Fact>
        </Facts>
        {items.map((part) => (
          <PartRow
            key={part.payment}
            part={part}
            currency={currency}
            pending={allocate.isPending}
            onBack={may ? () => allocate.mutate({ payment: part.payment, amount: 0 }) : undefined}
          />
        ))}
        {unseen > 0 && <Hint>{t("paid_unseen", { amount: formatMoney(unseen, currency) })}</Hint>}
        {credit.map((one) => (
          <CreditRow
            key={one.payment}
            credit={one}
            pending={allocate.isPending}
            onUse={may ? () => allocate.mutate({ payment: one.payment }) : undefined}
          />
        ))}
      </CardSection>
      {entity?.actions.create && debt > 0 && (
        <FootButtons>
          <Button variant="default" size="compact-sm" onClick={() => setRecording(true)}>
            {t("record_payment")}
          </Button>
        </FootButtons>
      )}
      {recording && entity && (
        <RecordPayment entity={entity} invoice={record} debt={debt} onClose={() => setRecording(false)} />
      )}
    </>
  );
}

/** Puts a payment on the invoice as far as both go, or takes it back. */
function useAllocate(invoice: Id) {
  const { t } = useTranslation("documents");
  return useMutation({
    mutationFn: ({ payment, amount }: { payment: Id; amount?: number }) =>
      allocatePayment(payment, { invoice, amount }),
    onSuccess: (after, { amount }) => {
      changed(after);
      void queryClient.invalidateQueries({ queryKey: keys.records("payment") });
      toast({ message: t(amount === 0 ? "taken_back" : "allocated_done"), kind: "done" });
    },
    onError: (error) => toastError(error),
  });
}

interface PartProps {
  part: PaidPart;
  currency: string;
  pending: boolean;
  onBack?: () => void;
}

function PartRow({ part, currency, pending, onBack }: PartProps) {
  const { t } = useTranslation(["documents", "fields"]);
  const title = part.title || t("fields:untitled");
  const own = part.currency ?? "";
  const facts = [
    part.paid_on ? formatDate(part.paid_on) : "",
    own !== currency
      ? t("documents:at_rate", { amount: formatMoney(part.amount, own), rate: part.rate })
      : "",
  ];
  return (
    <PickRow
      testId={`paid-by-${part.payment}`}
      opened={false}
      end={
        <>
          {formatMoney(part.paid, currency)}
          {onBack && (
            <Button
              variant="default"
              size="compact-xs"
              loading={pending}
              aria-label={t("documents:take_back_of", { title })}
              onClick={onBack}
            >
              {t("documents:take_back")}
            </Button>
          )}
        </>
      }
      link={
        <Link to="/records/$entity/$id" params={{ entity: "payment", id: part.payment }}>
          {title}
        </Link>
      }
    >
      <PickFacts>{facts.filter(Boolean).join(" · ")}</PickFacts>
    </PickRow>
  );
}

function CreditRow({ credit, pending, onUse }: { credit: Credit; pending: boolean; onUse?: () => void }) {
  const { t } = useTranslation(["documents", "fields"]);
  const title = credit.title || t("fields:untitled");
  const left = t("documents:credit_left", { amount: formatMoney(credit.left_over, credit.currency) });
  const facts = [
    left,
    credit.paid_on ? formatDate(credit.paid_on) : "",
    credit.rate ? "" : t("documents:no_rate"),
  ];
  return (
    <PickRow
      testId={`credit-${credit.payment}`}
      opened={false}
      end={
        onUse &&
        credit.rate && (
          <Button
            variant="default"
            size="compact-xs"
            loading={pending}
            aria-label={t("documents:use_credit_of", { title })}
            onClick={onUse}
          >
            {t("documents:use_credit", { amount: formatMoney(credit.amount ?? 0, credit.currency) })}
          </Button>
        )
      }
      link={
        <Link to="/records/$entity/$id" params={{ entity: "payment", id: credit.payment }}>
          {title}
        </Link>
      }
    >
      <PickFacts>{facts.filter(Boolean).join(" · ")}</PickFacts>
    </PickRow>
  );
}
