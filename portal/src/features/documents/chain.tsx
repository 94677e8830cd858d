/** The documents that were made of each other: deal, quotes, orders, invoices and credit notes. */
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { aroundQuery } from "@/api/documents";
import { useEntities } from "@/api/session";
import type { Entity, RecordData } from "@/api/types";
import type { SaleCard } from "@/engines/card-parts";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { formatMoney } from "@/i18n/format";
import { CardSection } from "@/ui/panel";
import { Hint, PickFacts, PickRow, StateMark, type Tone } from "@/ui/work";
import { chained, chainFilters } from "./acts";

/** Of each kind; a deal with more of them has a list for that. */
const most = 20;
const shown = ["title", "number", "document_number", "state", "kind", "amount", "currency", "revised"];

export function Chain({ entity, record }: SaleCard) {
  const { t } = useTranslation("documents");
  const entities = useEntities();
  const filters = chainFilters(entity.key, record.id, record.fields);
  const kinds = chained.flatMap((key) => {
    const kind = entities.find((one) => one.key === key && one.actions.read);
    const filter = filters[key];
    return kind && filter ? [{ kind, filter }] : [];
  });
  const answers = useQueries({
    queries: kinds.map(({ kind, filter }) => ({
      ...aroundQuery(
        kind.key,
        filter,
        shown.filter((key) => fieldOf(kind, key)),
        most,
      ),
    })),
  });
  const failed = answers.find(({ error }) => error);
  const links = kinds.flatMap(({ kind }, index) =>
    [...(answers[index]?.data?.items ?? [])].reverse().map((one) => ({ kind, one })),
  );
  if (failed) return <Hint>{t("chain_failed")}</Hint>;
  if (links.length < 2) return null;
  const more = answers.some(({ data }) => data?.next_cursor);
  return (
    <CardSection title={t("chain")}>
      {links.map(({ kind, one }) => (
        // The card knows its own record best: of rows that were just saved, too.
        <ChainRow
          key={one.id}
          entity={kind}
          record={one.id === record.id ? record : one}
          here={one.id === record.id}
        />
      ))}
      {more && <Hint>{t("chain_more", { count: most })}</Hint>}
    </CardSection>
  );
}

const tones: Record<string, Tone> = {
  accepted: "done",
  paid: "done",
  closed: "done",
  fulfilled: "done",
  declined: "late",
  void: "late",
  cancelled: "late",
  sent: "wait",
  issued: "wait",
  partly_paid: "wait",
};

function ChainRow({ entity, record, here }: { entity: Entity; record: RecordData; here: boolean }) {
  const { t } = useTranslation(["documents", "fields"]);
  const { fields } = record;
  const state = fieldOf(entity, "state")?.choices?.find(({ value }) => value === fields.state);
  const kind = fields.kind === "credit" ? t("documents:credit_note") : entity.label;
  const title = titleOf(entity, fields, t("fields:untitled"));
  return (
    <PickRow
      testId={`chain-${entity.key}`}
      opened={here}
      end={state && <StateMark tone={tones[state.value] ?? "plain"}>{state.label}</StateMark>}
      link={
        here ? (
          <b aria-current="true">{title}</b>
        ) : (
          <Link to="/records/$entity/$id" params={{ entity: entity.key, id: record.id }}>
            {title}
          </Link>
        )
      }
    >
      <PickFacts>
        {[
          kind,
          fields.revised === true ? t("documents:was_revised") : undefined,
          typeof fields.amount === "number" && typeof fields.currency === "string"
            ? formatMoney(fields.amount, fields.currency)
            : undefined,
        ]
          .filter(Boolean)
          .join(" · ")}
      </PickFacts>
    </PickRow>
  );
}
