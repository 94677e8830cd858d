/** `/reports/plans`: what is expected of the company, departments and people, beside what is done. */
import { ActionIcon, Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconTarget } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { departmentTreeQuery, usersQuery } from "@/api/people";
import { ApiError, messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { measuresQuery } from "@/api/reports";
import type { PlanKind, Plans, PlanWho } from "@/api/reports-wire";
import { plansQuery, savePlans } from "@/api/sales-reports";
import { useMe } from "@/api/session";
import type { Measure } from "@/api/types";
import { todayIn } from "@/engines/blocks/days";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { NumberEditor } from "@/engines/fields/number-editor";
import { bucketText, figureOrDash } from "@/engines/reports/figures";
import {
  around,
  changedRows,
  inputsOf,
  isReadable,
  type PlanEdit,
  type PlanEdits,
  type PlanPeriod,
  type PlanRow,
  periodOf,
  periodText,
  refusedRow,
  rowKey,
  rowsOf,
  stepped,
} from "@/engines/reports/plan-grid";
import { PlanFact, planPercent, useWhose } from "@/engines/reports/plans-view";
import { Buttons, Hint, Notice } from "@/ui/block";
import { BlockSkeleton } from "@/ui/block-frame";
import { PageBody, PageHeader } from "@/ui/page";
import { FigureTable, ReportBar, ReportPage, Stepper } from "@/ui/report";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";

const route = getRouteApi("/shell/reports/plans");

export default function PlansPage() {
  const { t } = useTranslation("reports");
  const navigate = useNavigate();
  const search = route.useSearch();
  const { time_zone } = useMe().tenant;
  const period = search.period ? periodOf(search.period) : around("month", todayIn(time_zone));
  const measure = search.measure;
  const query = useQuery(plansQuery({ period: periodText(period), measure }));
  const measures = useQuery(measuresQuery).data?.items ?? [];
  const go = (part: { period?: PlanPeriod; measure?: string | null }) =>
    void navigate({
      to: "/reports/plans",
      search: {
        period: part.period ? periodText(part.period) : search.period,
        measure: part.measure === null ? undefined : (part.measure ?? measure),
      },
      resetScroll: false,
    });
  return (
    <>
      <PageHeader icon={<IconTarget size={18} />} title={t("plans")} />
      <PageBody wide>
        <ReportPage>
          <When period={period} onChange={(next) => go({ period: next })}>
            <Select
              aria-label={t("measure")}
              placeholder={t("all_measures")}
              clearable
              clearButtonProps={{ "aria-label": t("all_measures") }}
              data={plannable(measures).map(({ key, label }) => ({ value: key, label }))}
              value={measure ?? null}
              onChange={(next) => go({ measure: next })}
            />
          </When>
          {query.isPending && <BlockSkeleton height={240} label={t("counting")} />}
          {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
          {query.data && !query.isPlaceholderData && (
            <Grid
              key={`${periodText(period)} ${measure ?? ""}`}
              plans={query.data}
              period={period}
              measures={plannable(measures).filter(({ key }) => !measure || key === measure)}
            />
          )}
        </ReportPage>
      </PageBody>
    </>
  );
}

/** Counts and amounts that have a date. */
const plannable = (measures: Measure[]) =>
  measures.filter(
    ({ unit, date, key }) => (unit === "number" || unit === "money") && date && key !== "deal.weighted",
  );

interface WhenProps {
  period: PlanPeriod;
  onChange(period: PlanPeriod): void;
  children: React.ReactNode;
}

function When({ period, onChange, children }: WhenProps) {
  const { t } = useTranslation("reports");
  const name = bucketText(period.from, period.kind, (values) => t("quarter", values));
  return (
    <ReportBar label={t("when")}>
      <SegmentedControl
        aria-label={t("plan_kind")}
        data={(["month", "quarter", "year"] as const).map((kind) => ({
          value: kind,
          label: t(`plan_${kind}`),
        }))}
        value={period.kind}
        onChange={(kind) => onChange(around(kind as PlanKind, period.from))}
      />
      <Stepper>
        <ActionIcon aria-label={t("earlier")} onClick={() => onChange(stepped(period, -1))}>
          <IconChevronLeft size={18} />
        </ActionIcon>
        <strong aria-live="polite">{name}</strong>
        <ActionIcon aria-label={t("later")} onClick={() => onChange(stepped(period, 1))}>
          <IconChevronRight size={18} />
        </ActionIcon>
      </Stepper>
      {children}
    </ReportBar>
  );
}

interface GridProps {
  plans: Plans;
  period: PlanPeriod;
  measures: Measure[];
}

function Grid({ plans, period, measures }: GridProps) {
  const { t } = useTranslation(["reports", "common"]);
  const draft = `plans ${periodText(period)}`;
  const [edits, setEdits] = useState<PlanEdits>(() => readDraft<PlanEdits>(draft) ?? {});
  const [added, setAdded] = useState<PlanRow[]>([]);
  const kept = rowsOf(plans.items);
  const rows = [...kept, ...added.filter(({ key }) => !kept.some((row) => row.key === key))];
  const changed = changedRows(rows, edits);
  const readable = changed.every(({ key }) => isReadable(edits[key] ?? {}));
  const save = useMutation({
    mutationFn: () => savePlans(inputsOf(rows, edits, period)),
    onSuccess: () => {
      dropDraft(draft);
      setEdits({});
      setAdded([]);
      toast({ message: t("common:saved"), kind: "done" });
    },
    // Somebody else was faster: their plans come, what is typed here stays.
    onError: () => queryClient.invalidateQueries({ queryKey: keys.plans }),
  });
  const put = (key: string, edit: PlanEdit) => {
    const next = { ...edits, [key]: { ...edits[key], ...edit } };
    setEdits(next);
    keepDraft(draft, next);
  };
  const discard = () => {
    dropDraft(draft);
    setEdits({});
    setAdded([]);
    save.reset();
  };
  const refusals = refusalsOf(save.error, rows, edits);
  return (
    <>
      {save.error && refusals.size === 0 && (
        <Notice tone="danger" title={t("reports:plans_not_saved")}>
          {messageOf(save.error, t("common:network"))}
        </Notice>
      )}
      {rows.length === 0 ? (
        <EmptyState icon={<IconTarget size={28} />} title={t("reports:no_plans")}>
          {t("reports:no_plans_text")}
        </EmptyState>
      ) : (
        <PlanTable
          rows={rows}
          refs={plans.refs}
          measures={measures}
          edits={edits}
          refusals={refusals}
          put={put}
        />
      )}
      <AddPlan rows={rows} measures={measures} onAdd={(row) => setAdded([...added, row])} />
      {(changed.length > 0 || added.length > 0) && (
        <Buttons>
          <Button
            loading={save.isPending}
            disabled={!readable || changed.length === 0}
            onClick={() => save.mutate()}
          >
            {t("common:save")}
          </Button>
          <Button variant="default" onClick={discard}>
            {t("common:discard")}
          </Button>
          <Hint>{t("reports:plans_draft")}</Hint>
        </Buttons>
      )}
    </>
  );
}

/** Words of the server beside the rows that they are about. */
function refusalsOf(error: unknown, rows: PlanRow[], edits: PlanEdits): Map<string, string> {
  const found = new Map<string, string>();
  if (!(error instanceof ApiError)) return found;
  for (const [field, refusal] of Object.entries(error.problem.fields ?? {})) {
    const row = refusedRow(rows, edits, field);
    if (row) found.set(row.key, refusal.message);
  }
  return found;
}

interface TableProps {
  rows: PlanRow[];
  refs: Plans["refs"];
  measures: Measure[];
  edits: PlanEdits;
  refusals: Map<string, string>;
  put(key: string, edit: PlanEdit): void;
}

function PlanTable({ rows, refs, measures, edits, refusals, put }: TableProps) {
  const { t } = useTranslation("reports");
  const whose = useWhose(refs);
  const names = useNewNames();
  return (
    <FigureTable
      label={t("plans")}
      lead={2}
      heads={[
        { key: "who", label: t("whose") },
        { key: "measure", label: t("measure") },
        { key: "value", label: t("plan"), numeric: true },
        { key: "fact", label: t("fact"), numeric: true },
        { key: "percent", label: t("done_share"), numeric: true },
        { key: "deviation", label: t("deviation"), numeric: true },
        { key: "rate", label: t("run_rate"), note: t("run_rate_note"), numeric: true },
        { key: "reason", label: t("reason") },
      ]}
      rows={rows.map((row) => {
        const { key, plan } = row;
        const who = plan ? whose(row.who) : names(row.who);
        const measure = plan?.label ?? measures.find((one) => one.key === row.measure)?.label ?? row.measure;
        const edit = edits[key] ?? {};
        const label = `${who}, ${measure}`;
        const money = (value: number | null | undefined) =>
          figureOrDash(plan ? value : null, plan?.unit, plan?.currency);
        const still = plan !== undefined && !plan.may_edit;
        return {
          key,
          labels: [who, measure],
          cells: [
            still ? (
              money(plan.value)
            ) : (
              <span key="value" style={{ display: "block", width: 140 }}>
                <NumberEditor
                  name={`${t("plan")}: ${label}`}
                  decimals={2}
                  value={"value" in edit ? edit.value : (plan?.value ?? null)}
                  error={refusals.get(key) ?? (isReadable(edit) ? undefined : t("plan_wrong"))}
                  onChange={(value) => put(key, { value })}
                />
              </span>
            ),
            plan ? <PlanFact key="fact" plan={plan} /> : "—",
            plan ? planPercent(plan) : "—",
            money(plan?.deviation),
            money(plan?.run_rate),
            still ? (
              plan.reason
            ) : (
              <TextInput
                key="reason"
                w={180}
                aria-label={`${t("reason")}: ${label}`}
                maxLength={500}
                value={edit.reason ?? plan?.reason ?? ""}
                onChange={(event) => put(key, { reason: event.currentTarget.value })}
              />
            ),
          ],
        };
      })}
    />
  );
}

/** Names of those who have no plan yet. */
function useNewNames(): (who: PlanWho) => string {
  const { name } = useMe().tenant;
  const people = useQuery(usersQuery).data ?? [];
  const departments = useQuery(departmentTreeQuery).data ?? [];
  return ({ kind, id }) =>
    kind === "company" ? name : ([...people, ...departments].find((one) => one.id === id)?.name ?? "");
}

interface AddProps {
  rows: PlanRow[];
  measures: Measure[];
  onAdd(row: PlanRow): void;
}

/** For whoever may set plans: administrators everybody's, heads those of their departments. */
function AddPlan({ rows, measures, onAdd }: AddProps) {
  const { t } = useTranslation("reports");
  const me = useMe();
  const people = useQuery(usersQuery).data ?? [];
  const departments = useQuery(departmentTreeQuery).data ?? [];
  const [measure, setMeasure] = useState<string | null>(null);
  const headed = departments.filter(({ head_ids }) => me.admin || head_ids.includes(me.user.id));
  const theirs = people.filter(
    ({ department_id }) => me.admin || headed.some(({ id }) => id === department_id),
  );
  if (!me.admin && headed.length === 0) return null;
  const chosen =
    measures.find(({ key }) => key === measure) ??
    measures.find(({ key }) => key === "deal.won_amount") ??
    measures[0];
  const free = (who: PlanWho) => !rows.some(({ key }) => chosen && key === rowKey(who, chosen.key));
  const options = [
    { group: t("of_company"), items: me.admin ? [{ value: "company ", label: me.tenant.name }] : [] },
    {
      group: t("of_departments"),
      items: headed.map(({ id, name }) => ({ value: `department ${id}`, label: name })),
    },
    { group: t("of_people"), items: theirs.map(({ id, name }) => ({ value: `user ${id}`, label: name })) },
  ].map(({ group, items }) => ({ group, items: items.filter(({ value }) => free(whoOf(value))) }));
  return (
    <ReportBar label={t("plan_add")}>
      <Select
        aria-label={t("measure")}
        allowDeselect={false}
        w={240}
        data={measures.map(({ key, label }) => ({ value: key, label }))}
        value={chosen?.key ?? null}
        onChange={setMeasure}
      />
      <Select
        aria-label={t("plan_for")}
        placeholder={t("plan_for")}
        searchable
        w={260}
        nothingFoundMessage={t("nothing_found")}
        data={options}
        value={null}
        onChange={(value) => {
          if (!value || !chosen) return;
          const who = whoOf(value);
          onAdd({ key: rowKey(who, chosen.key), who, measure: chosen.key });
        }}
      />
    </ReportBar>
  );
}

function whoOf(value: string): PlanWho {
  const [kind = "company", id] = value.split(" ");
  return id ? { kind: kind as PlanWho["kind"], id } : { kind: "company" };
}
