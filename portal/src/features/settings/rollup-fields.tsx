/** What a field counts or adds up: which records, by which of their links, how, only which of them. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Rollup } from "@/api/rules";
import { useEntities } from "@/api/session";
import type { Entity, Filter } from "@/api/types";
import { FilterBar } from "@/engines/filters/filter-bar";
import { Hint, Lead } from "@/ui/block";
import { measured, opOf, opsOf, type RollupDraft, rollupGaps, rollupOps } from "./fields-model";

interface Props {
  entity: Entity;
  /** Type of the field. */
  type: string;
  value: RollupDraft;
  /** Somebody tried to send it: what is missing is told. */
  tried?: boolean;
  error?: string;
  onChange(value: RollupDraft): void;
}

export function RollupFields({ entity, type, value, tried, error, onChange }: Props) {
  const { t } = useTranslation("rules");
  const entities = useEntities();
  const put = (part: Partial<RollupDraft>) => onChange({ ...value, ...part });
  const linking = entities.flatMap((one) =>
    one.fields
      .filter((field) => pointsTo(field, entity.key))
      .map((field) => ({ value: `${one.key} ${field.key}`, label: `${one.label_plural} · ${field.label}` })),
  );
  const child = entities.find(({ key }) => key === value.entity);
  const ops = opsOf(type);
  const chosen = opOf(value, type);
  const gaps = rollupGaps(value, type, child?.fields ?? []);
  return (
    <>
      <Select
        label={t("rollup_of")}
        description={t("rollup_hint")}
        searchable
        data={linking}
        value={value.entity ? `${value.entity} ${value.via}` : null}
        error={tried && gaps.entity ? t("needed") : error}
        onChange={(pair) => {
          const [of = "", via = ""] = (pair ?? "").split(" ");
          put({ entity: of, via, field: of === value.entity ? value.field : null, filter: undefined });
        }}
      />
      {linking.length === 0 && <Lead>{t("rollup_none")}</Lead>}
      <Select
        label={t("rollup_how")}
        allowDeselect={false}
        data={rollupOps
          .filter((op) => ops.includes(op))
          .map((op) => ({ value: op, label: t(`rollup_${op}`) }))}
        value={chosen}
        onChange={(op) => op && put({ op: op as Rollup["op"], field: null })}
      />
      {child && chosen !== "count" && (
        <Select
          label={t("rollup_field")}
          data={child.fields
            .filter((field) => measured(chosen, field.type, type))
            .map((field) => ({ value: field.key, label: field.label }))}
          value={value.field}
          error={tried && gaps.field ? t("needed") : undefined}
          onChange={(field) => put({ field })}
        />
      )}
      {child && (
        <div>
          <Hint>{t("rollup_which")}</Hint>
          <FilterBar
            entity={child}
            filter={value.filter}
            fixed
            onChange={(filter: Filter | undefined) => put({ filter })}
          />
        </div>
      )}
    </>
  );
}

const pointsTo = (field: Entity["fields"][number], entity: string) =>
  (field.type === "link" || field.type === "links") &&
  (field.entity === entity || (field.entities ?? []).includes(entity));
