/** What was paid of an invoice, and by which payments. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { aroundQuery } from "@/api/documents";
import { useEntity } from "@/api/session";
import type { Filter, RecordData } from "@/api/types";
import { formatDate, formatMoney } from "@/i18n/format";
import { CardSection } from "@/ui/panel";
import { Fact, Facts, Hint, PickFacts, PickRow } from "@/ui/work";
import { partsFor, unseenOf } from "./payment";

/** Payments that are looked through; what others paid is said as a sum. */
const most = 200;

export function PaidBy({ record }: { record: RecordData }) {
  const { t } = useTranslation(["documents", "fields"]);
  const { fields } = record;
  const payments = useEntity("payment");
  const paid = Number(fields.paid ?? 0);
  const credited = Number(fields.credited ?? 0);
  const currency = String(fields.currency ?? "");
  const client: Filter[] = fields.company ? [{ field: "company", op: "eq", value: fields.company }] : [];
  const filter = { or: [...client, { field: "company", op: "empty" }] } as Filter;
  const found = useQuery({
    ...aroundQuery(
      "payment",
      filter,
      ["title", "number", "paid_on", "amount", "currency", "allocations"],
      most,
    ),
    enabled: paid > 0 && Boolean(payments?.actions.read),
  });
  if (paid === 0 && credited === 0) return null;
  const parts = partsFor(record.id, found.data?.items ?? []);
  const unseen = unseenOf(paid, parts);
  return (
    <CardSection title={t("documents:paid_by")}>
      <Facts>
        <Fact name={t("documents:paid_sum")}>{formatMoney(paid, currency)}</Fact>
        {credited !== 0 && <Fact name={t("documents:credited_sum")}>{formatMoney(credited, currency)}</Fact>}
        <Fact name={t("documents:debt_sum")}>{formatMoney(Number(fields.debt ?? 0), currency)}</Fact>
      </Facts>
      {parts.map(({ payment, part }) => (
        <PickRow
          key={payment.id}
          testId={`paid-by-${payment.id}`}
          opened={false}
          end={formatMoney(part.paid, currency)}
          link={
            <Link to="/records/$entity/$id" params={{ entity: "payment", id: payment.id }}>
              {String(payment.fields.title ?? "") || t("fields:untitled")}
            </Link>
          }
        >
          <PickFacts>
            {[
              typeof payment.fields.paid_on === "string" && formatDate(payment.fields.paid_on),
              part.currency !== payment.fields.currency &&
                t("documents:at_rate", {
                  amount: formatMoney(part.amount, String(payment.fields.currency ?? "")),
                  rate: part.rate,
                }),
            ]
              .filter(Boolean)
              .join(" · ")}
          </PickFacts>
        </PickRow>
      ))}
      {!found.isFetching && unseen > 0 && (
        <Hint>{t("documents:paid_unseen", { amount: formatMoney(unseen, currency) })}</Hint>
      )}
    </CardSection>
  );
}
