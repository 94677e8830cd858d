/** What other currencies are worth in the company's own, from which day on: sums of reports are counted by it. */
import { ActionIcon, Button, Select } from "@mantine/core";
import { IconCoins, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ratesQuery, setRates } from "@/api/reports";
import { useEntities, useMe } from "@/api/session";
import type { Rate } from "@/api/types";
import { todayIn } from "@/engines/blocks/days";
import { currencyName, inUsualOrder } from "@/engines/fields/money";
import { NumberEditor } from "@/engines/fields/number-editor";
import { formatDate, formatNumber } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable } from "@/ui/block";
import { FormDrawer } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { DayField } from "./lazy-day-field";
import { rateOf } from "./rate-text";

interface Props {
  /** `new`, or `USD 2027-01-04`. */
  editing?: string;
  onEdit(id?: string): void;
}

const idOf = ({ currency, day }: Rate) => `${currency} ${day}`;

export default function Rates({ editing, onEdit }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const own = useMe().tenant.currency;
  const query = useQuery(ratesQuery);
  const rates = query.data ?? [];
  const add = (
    <Button aria-label={t("settings:rate_add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("settings:rate_add")}</IconText>
    </Button>
  );
  const edited = rates.find((one) => idOf(one) === editing);
  return (
    <Block
      title={t("settings:section_rates")}
      note={t("settings:rates_note", { currency: currencyName(own) })}
      actions={rates.length > 0 && add}
    >
      {query.isPending && <BlockBones label={t("common:loading")} rows={3} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && rates.length === 0 && (
        <EmptyState icon={<IconCoins size={28} />} action={add}>
          {t("settings:no_rates")}
        </EmptyState>
      )}
      {rates.length > 0 && <RateTable rates={rates} own={own} onEdit={onEdit} />}
      {query.isSuccess && (editing === "new" || edited) && (
        <RateForm key={editing} rate={edited} rates={rates} own={own} onClose={() => onEdit()} />
      )}
    </Block>
  );
}

function RateTable({ rates, own, onEdit }: { rates: Rate[]; own: string; onEdit(id: string): void }) {
  const { t } = useTranslation(["settings", "common"]);
  const remove = useMutation({
    mutationFn: (rate: Rate) => setRates([{ ...rate, rate: null }]),
    onSuccess: (_, rate) =>
      toast({
        message: t("settings:rate_removed", { currency: rate.currency, day: formatDate(rate.day) }),
        action: { label: t("common:undo"), run: () => void setRates([rate]).catch(toastError) },
      }),
    onError: (error) => toastError(error),
  });
  const columns: Column<Rate>[] = [
    {
      key: "currency",
      label: t("settings:currency"),
      grow: true,
      render: (rate) => currencyName(rate.currency),
    },
    { key: "day", label: t("settings:rate_from"), render: (rate) => formatDate(rate.day) },
    {
      key: "rate",
      label: t("settings:rate"),
      numeric: true,
      render: (rate) => t("settings:rate_is", { currency: rate.currency, rate: rateWords(rate), own }),
    },
    {
      key: "acts",
      label: t("settings:actions"),
      bare: true,
      render: (rate) => (
        <>
          <ActionIcon
            aria-label={t("settings:rate_edit", { currency: rate.currency, day: formatDate(rate.day) })}
            onClick={() => onEdit(idOf(rate))}
          >
            <IconPencil size={16} />
          </ActionIcon>
          <ActionIcon
            aria-label={t("settings:rate_remove", { currency: rate.currency, day: formatDate(rate.day) })}
            onClick={() => remove.mutate(rate)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </>
      ),
    },
  ];
  return <DataTable label={t("settings:section_rates")} columns={columns} rows={rates} keyOf={idOf} />;
}

const rateWords = ({ rate }: Rate) => formatNumber(Number(rate ?? 0), 10);

/** The company's day: sums are counted by it, and near midnight the browser's may be the next one already. */

interface FormProps {
  rate?: Rate;
  rates: Rate[];
  own: string;
  onClose(): void;
}

function RateForm({ rate, rates, own, onClose }: FormProps) {
  const { t } = useTranslation(["settings", "common"]);
  const { tenant } = useMe();
  const codes = useCurrencyCodes().filter((code) => code !== own);
  const [currency, setCurrency] = useState(rate?.currency ?? null);
  const [day, setDay] = useState<string | null>(rate?.day ?? todayIn(tenant.time_zone));
  const [value, setValue] = useState<unknown>(rate ? Number(rate.rate) : null);
  const [tried, setTried] = useState(false);
  const wrong =
    value === null ? t("settings:rate_needed") : rateOf(value) ? undefined : t("settings:rate_wrong");
  const save = useMutation({
    mutationFn: () => {
      const next = { currency: currency ?? "", day: day ?? "", rate: rateOf(value) ?? null };
      const moved = rate && idOf(rate) !== idOf(next);
      return setRates(moved ? [{ ...rate, rate: null }, next] : [next]);
    },
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const there = !rate && rates.some((one) => one.currency === currency && one.day === day);
  return (
    <FormDrawer
      title={rate ? currencyName(rate.currency) : t("settings:rate_add")}
      submit={t("common:save")}
      pending={save.isPending}
      error={save.error}
      fields={[]}
      values={{ currency, day, value }}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (currency && day && !wrong) save.mutate();
      }}
    >
      <Select
        label={t("settings:currency")}
        withAsterisk
        searchable
        allowDeselect={false}
        limit={60}
        data-autofocus
        data={inUsualOrder(codes).map((code) => ({ value: code, label: currencyName(code) }))}
        value={currency}
        error={tried && !currency ? t("settings:rate_currency_needed") : undefined}
        onChange={setCurrency}
      />
      <DayField
        label={t("settings:rate_from")}
        hint={there ? t("settings:rate_there") : t("settings:rate_from_hint")}
        error={tried && !day ? t("settings:rate_day_needed") : undefined}
        value={day}
        onChange={setDay}
      />
      <NumberEditor
        name={t("settings:rate_of", { currency: currency ?? "1", own })}
        shown
        required
        decimals={10}
        value={value}
        placeholder={formatNumber(41.5)}
        error={tried ? wrong : undefined}
        onChange={setValue}
      />
    </FormDrawer>
  );
}

/** Codes the records know. */
function useCurrencyCodes(): string[] {
  const all = useEntities().flatMap(
    (entity) =>
      entity.fields.find((field) => field.key === "currency")?.choices?.map(({ value }) => value) ?? [],
  );
  return [...new Set(all)];
}
