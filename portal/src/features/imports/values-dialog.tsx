/** What the values of a column mean: chosen from the few that the field has, or typed where it links to a record. */
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { valuesQuery } from "@/api/imports";
import type { ColumnValue, ColumnValues, Import, Mapped } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { BlockBones, Buttons, type Column, DataTable, Hint, Stacked } from "@/ui/block";
import { ErrorState } from "@/ui/states";
import { mean, meaningOf } from "./mapping";

/** Stands for nothing among keys, none of which begins so. */
const nothing = "-";

interface Props {
  one: Import;
  column: number;
  name: string;
  field: string;
  mapping: Mapped[];
  onChange(mapping: Mapped[]): void;
  onClose(): void;
}

export default function ValuesDialog({ one, column, name, field, mapping, onChange, onClose }: Props) {
  const { t } = useTranslation(["imports", "common"]);
  const query = useQuery(valuesQuery(one.id, column, field));
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("imports:values_of", { column: name })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stacked>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.data && (
          <Values
            found={query.data}
            meaning={(value) => meaningOf(mapping, column, value)?.to}
            onMean={(value, to) => onChange(mean(mapping, column, value, to))}
          />
        )}
        <Buttons>
          <Button onClick={onClose}>{t("imports:values_done")}</Button>
        </Buttons>
      </Stacked>
    </Modal>
  );
}

interface ValuesProps {
  found: ColumnValues;
  /** `null` nothing, `undefined` what it means by itself. */
  meaning(value: string): string | null | undefined;
  onMean(value: string, to: string | null | undefined): void;
}

function Values({ found, meaning, onMean }: ValuesProps) {
  const { t } = useTranslation(["imports", "fields"]);
  const columns: Column<ColumnValue>[] = [
    { key: "value", label: t("imports:value"), grow: true, render: ({ value }) => value },
    { key: "rows", label: t("imports:value_rows"), numeric: true, render: ({ rows }) => formatNumber(rows) },
    {
      key: "to",
      label: t("imports:value_means"),
      render: ({ value, to }) => {
        const label = t("imports:value_means_of", { value });
        const chosen = meaning(value);
        if (found.choices.length === 0) {
          return (
            <TextInput
              aria-label={label}
              placeholder={t("imports:value_as_is")}
              maxLength={300}
              value={chosen ?? ""}
              onChange={(event) => onMean(value, event.currentTarget.value || undefined)}
            />
          );
        }
        return (
          <Select
            aria-label={label}
            data={[
              { value: nothing, label: t("imports:value_nothing") },
              ...found.choices.map((choice) => ({ value: choice.key, label: choice.label })),
            ]}
            value={chosen === null ? nothing : (chosen ?? to ?? null)}
            onChange={(next) => onMean(value, next === nothing ? null : (next ?? undefined))}
            placeholder={t("imports:value_unknown")}
            nothingFoundMessage={t("fields:nothing_found")}
            searchable
            clearable={chosen !== undefined}
            clearButtonProps={{ "aria-label": t("imports:value_by_itself", { value }) }}
            error={chosen === undefined && !to}
          />
        );
      },
    },
  ];
  return (
    <>
      <DataTable
        label={t("imports:values")}
        columns={columns}
        rows={found.items}
        keyOf={({ value }) => value}
      />
      {found.more && <Hint>{t("imports:values_more")}</Hint>}
    </>
  );
}
