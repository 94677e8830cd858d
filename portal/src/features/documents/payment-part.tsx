/** What a payment is for: what it was allocated to, what is left over, invoices that it may pay. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { allocatePayment, aroundQuery, type Proposal, proposalsOf } from "@/api/documents";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { useEntity } from "@/api/session";
import type { Filter, Id } from "@/api/types";
import type { SaleCard } from "@/engines/card-parts";
import { formatMoney } from "@/i18n/format";
import { CardSection } from "@/ui/panel";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { Fact, Facts, FootButtons, Hint, PickFacts, PickRow } from "@/ui/work";
import { AllocateDialog, type Chosen } from "./allocate-dialog";
import { type Allocation, allocationsOf } from "./payment";
import { changed } from "./use-opened";

export function PaymentPart({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const { fields } = record;
  const [open, setOpen] = useState<Chosen>();
  const invoices = useEntity("invoice");
  const currency = String(fields.currency ?? "");
  const left = Number(fields.left_over ?? 0);
  const parts = allocationsOf(fields);
  const may = entity.actions.update && Boolean(invoices?.actions.read) && fields.state !== "refunded";
  const back = useMutation({
    mutationFn: (invoice: Id) => allocatePayment(record.id, { invoice, amount: 0 }),
    onSuccess: (after) => {
      changed(after);
      void queryClient.invalidateQueries({ queryKey: keys.records("payment") });
      toast({ message: t("taken_back") });
    },
    onError: (error) => toastError(error),
  });
  return (
    <>
      <CardSection title={t("allocated")}>
        <Facts>
          <Fact name={t("left_over")}>{formatMoney(left, currency)}</Fact>
        </Facts>
        {parts.length > 0 && (
          <Parts
            parts={parts}
            currency={currency}
            pending={back.isPending}
            onBack={may ? back.mutate : undefined}
          />
        )}
        {may && left > 0 && <Proposals record={record} onChoose={setOpen} />}
      </CardSection>
      {may && left > 0 && (
        <FootButtons>
          <Button variant="default" size="compact-sm" onClick={() => setOpen({})}>
            {t("other_invoice")}
          </Button>
        </FootButtons>
      )}
      {open && <AllocateDialog payment={record} chosen={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

interface PartsProps {
  parts: Allocation[];
  currency: string;
  pending: boolean;
  onBack?: (invoice: Id) => void;
}

function Parts({ parts, currency, pending, onBack }: PartsProps) {
  const { t } = useTranslation("documents");
  const filter = { field: "id", op: "in", value: parts.map(({ invoice }) => invoice) } as Filter;
  const found = useQuery(aroundQuery("invoice", filter, ["title", "number", "state"], parts.length));
  const titleOf = (id: Id) => {
    const title = found.data?.items.find((one) => one.id === id)?.fields.title;
    return typeof title === "string" && title ? title : t("some_invoice");
  };
  return parts.map((part) => (
    <PickRow
      key={part.invoice}
      testId={`allocated-${part.invoice}`}
      opened={false}
      end={
        onBack && (
          <Button
            variant="default"
            size="compact-xs"
            loading={pending}
            aria-label={t("take_back_of", { title: titleOf(part.invoice) })}
            onClick={() => onBack(part.invoice)}
          >
            {t("take_back")}
          </Button>
        )
      }
      link={
        <Link to="/records/$entity/$id" params={{ entity: "invoice", id: part.invoice }}>
          {titleOf(part.invoice)}
        </Link>
      }
    >
      <PickFacts>
        {part.currency && part.currency !== currency
          ? t("pays_at_rate", {
              amount: formatMoney(part.amount, currency),
              paid: formatMoney(part.paid, part.currency),
              rate: part.rate,
            })
          : formatMoney(part.amount, currency)}
      </PickFacts>
    </PickRow>
  ));
}

function Proposals({ record, onChoose }: Pick<SaleCard, "record"> & { onChoose(chosen: Chosen): void }) {
  const { t } = useTranslation("documents");
  const query = useQuery({
    // Below the payment's own key, by its version: what is allocated proposes something else.
    queryKey: [...keys.record("payment", record.id), "proposals", record.version],
    queryFn: ({ signal }) => proposalsOf(record.id, signal),
  });
  const currency = String(record.fields.currency ?? "");
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return null;
  if (query.data.length === 0) return <Hint>{t("no_proposals")}</Hint>;
  const paid = new Set(allocationsOf(record.fields).map(({ invoice }) => invoice));
  return query.data
    .filter(({ invoice }) => !paid.has(invoice))
    .map((one) => (
      <PickRow
        key={one.invoice}
        testId={`proposal-${one.document_number}`}
        opened={one.certain}
        end={
          <Button
            size="compact-xs"
            variant={one.certain ? "filled" : "default"}
            aria-label={t("allocate_to", { title: one.title })}
            onClick={() => onChoose({ proposal: one })}
          >
            {t("allocate")}
          </Button>
        }
        link={
          <Link to="/records/$entity/$id" params={{ entity: "invoice", id: one.invoice }}>
            {one.title}
          </Link>
        }
      >
        <PickFacts>{factsOf(one, currency, t)}</PickFacts>
      </PickRow>
    ));
}

function factsOf(one: Proposal, currency: string, t: ReturnType<typeof useTranslation<"documents">>["t"]) {
  const reasons = one.agrees.map((what) => t(`agrees_${what as "number"}`));
  return [
    t("owes", { debt: formatMoney(one.debt, one.currency) }),
    one.currency === currency ? undefined : t("rate_is", { rate: one.rate }),
    reasons.length > 0 ? t("agrees", { what: reasons.join(", ") }) : undefined,
  ]
    .filter(Boolean)
    .join(" · ");
}
