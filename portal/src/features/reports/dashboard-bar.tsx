/** Over a dashboard: of which time and of which records all its cards are. */
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { saveDashboard } from "@/api/dashboards";
import { measuresQuery } from "@/api/reports";
import type { Dashboard } from "@/api/reports-wire";
import { savedReportsQuery } from "@/api/saved-reports";
import { useEntities } from "@/api/session";
import { FilterBar } from "@/engines/filters/filter-bar";
import { type Bar, entitiesOf, withFilter } from "@/engines/reports/bar";
import { inputOf } from "@/engines/reports/edit-cards";
import { ReportBar } from "@/ui/report";
import { toast, toastError } from "@/ui/toast";
import { PeriodPicker } from "./period-picker";

interface Props {
  dashboard: Dashboard;
  bar: Bar;
  /** Whether it is another than the dashboard begins with. */
  changed: boolean;
  onChange(part: Bar): void;
  /** It begins with this from now on. */
  onKept(): void;
}

export default function DashboardBar({ dashboard, bar, changed, onChange, onKept }: Props) {
  const { t } = useTranslation(["reports", "common"]);
  const keep = useMutation({
    mutationFn: () =>
      saveDashboard(dashboard, { ...inputOf(dashboard, dashboard.cards), filter_bar: { ...bar } }),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onKept();
    },
    onError: (error) => toastError(error, t("reports:dashboard_not_saved")),
  });
  return (
    <ReportBar label={t("reports:which")}>
      <PeriodPicker
        period={bar.period}
        all={t("reports:own_times")}
        onChange={(period) => onChange({ period: period ?? "all" })}
      />
      <Narrowed dashboard={dashboard} bar={bar} onChange={onChange} />
      {changed && dashboard.may_edit && (
        <Button variant="subtle" size="compact-sm" loading={keep.isPending} onClick={() => keep.mutate()}>
          {t("reports:bar_keep")}
        </Button>
      )}
    </ReportBar>
  );
}

function Narrowed({ dashboard, bar, onChange }: Pick<Props, "dashboard" | "bar" | "onChange">) {
  const { t } = useTranslation("reports");
  const known = useEntities();
  const measures = useQuery(measuresQuery).data?.items ?? [];
  const saved = useQuery(savedReportsQuery).data ?? [];
  const [chosen, setChosen] = useState<string>();
  const entities = entitiesOf(dashboard.cards, measures, saved).flatMap(
    (key) => known.find((entity) => entity.key === key) ?? [],
  );
  // What is narrowed is shown first.
  const entity =
    entities.find(({ key }) => key === chosen) ??
    entities.find(({ key }) => bar.filter?.[key]) ??
    entities[0];
  if (!entity) return null;
  return (
    <>
      {entities.length > 1 && (
        <Select
          aria-label={t("about")}
          allowDeselect={false}
          w={160}
          data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
          value={entity.key}
          onChange={(key) => key && setChosen(key)}
        />
      )}
      <FilterBar
        entity={entity}
        filter={bar.filter?.[entity.key]}
        onChange={(filter) => onChange({ filter: withFilter(bar.filter, entity.key, filter) })}
      />
    </>
  );
}
