/** A figure that opens the records it counts. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Drill, Filter, MeasureUnit } from "@/api/types";
import { formatMoney } from "@/i18n/format";
import { FigureNote, figureLinkClass } from "@/ui/report";
import { flattened } from "./drill";
import { changeText, figureText } from "./figures";
import type { Cell } from "./grid";

/** Where a figure's records are shown. */
export const placeOf = ({ entity, filter }: Drill) => ({
  to: "/records/$entity/list" as const,
  params: { entity },
  search: { filter: flattened(filter as Filter) },
});

interface Props {
  cell: Cell;
  unit: MeasureUnit;
  currency: string;
  /** Spoken: of what it is. */
  label: string;
}

/** What was before stands under it. */
export function FigureLink({ cell, unit, currency, label }: Props) {
  const { t } = useTranslation("reports");
  const { value, before, n, drill, byCurrency } = cell;
  const text = value === null ? "—" : figureText(value, unit, currency);
  const amounts = value === null && byCurrency ? Object.entries(byCurrency) : [];
  const opens = drill && (value !== null || n > 0);
  const change =
    value !== null && before !== null && before !== undefined && changeText(value, before, unit, t("points"));
  return (
    <>
      {opens ? (
        <Link
          {...placeOf(drill)}
          className={figureLinkClass}
          title={t("opens", { count: n })}
          aria-label={`${text}, ${label}. ${t("opens", { count: n })}`}
        >
          {text}
        </Link>
      ) : (
        <span title={drill === null && n > 0 ? t("too_many_to_open", { count: n }) : undefined}>{text}</span>
      )}
      {amounts.length > 0 && (
        <FigureNote>{amounts.map(([code, amount]) => formatMoney(amount, code)).join(" + ")}</FigureNote>
      )}
      {before !== undefined && (
        <FigureNote>
          {t("was", { figure: before === null ? "—" : figureText(before, unit, currency) })}
          {change && ` (${change})`}
        </FigureNote>
      )}
    </>
  );
}
