/** What stands over the figures of a page: of which time and of which records. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Filter } from "@/api/types";
import { FilterBar } from "@/engines/filters/filter-bar";
import type { PeriodChoice } from "@/engines/reports/period";
import { ReportBar } from "@/ui/report";
import { PeriodPicker } from "./period-picker";

interface Props {
  period?: PeriodChoice;
  /** Absent: its time cannot be chosen. */
  onPeriod?(period: PeriodChoice | undefined): void;
  entity?: Entity;
  filter?: Filter;
  onFilter?(filter: Filter | undefined): void;
  children?: ReactNode;
}

export function SalesBar({ period, onPeriod, entity, filter, onFilter, children }: Props) {
  const { t } = useTranslation("reports");
  return (
    <ReportBar label={t("which")}>
      {children}
      {onPeriod && <PeriodPicker period={period} onChange={onPeriod} />}
      {entity && onFilter && <FilterBar entity={entity} filter={filter} onChange={onFilter} />}
    </ReportBar>
  );
}
