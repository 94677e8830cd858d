/** A list of related records on cards: what stands beside the title, how many rows. */
import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntity } from "@/api/session";
import type { RelatedList } from "@/api/types";
import { isUnreadable } from "@/engines/fields/kinds";
import { FormDrawer } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";

/** As many as the server takes. */
const most = { columns: 8, rows: 50 };
const usual = 10;

interface Props {
  list: RelatedList;
  title: string;
  onDone(list: RelatedList): void;
  onClose(): void;
}

export function RelatedForm({ list, title, onDone, onClose }: Props) {
  const { t } = useTranslation("rules");
  const child = useEntity(list.entity);
  const [columns, setColumns] = useState(list.columns ?? []);
  const [limit, setLimit] = useState<string | number>(list.limit ?? usual);
  const rows = Number(limit);
  const wrong = !Number.isInteger(rows) || rows < 1 || rows > most.rows;
  const choices = (child?.fields ?? []).filter(
    (field) => field.key !== child?.title_field && !isUnreadable(field),
  );
  return (
    <FormDrawer
      title={title}
      submit={t("layout_section_done")}
      values={[columns, limit]}
      pending={false}
      error={null}
      fields={[]}
      onClose={onClose}
      onSubmit={() => !wrong && onDone({ ...list, columns, limit: rows })}
    >
      <PickMany
        label={t("layout_related_columns")}
        data-autofocus
        maxValues={most.columns}
        data={choices.map(({ key, label }) => ({ value: key, label }))}
        value={columns}
        onChange={setColumns}
      />
      <NumberInput
        label={t("layout_related_rows")}
        min={1}
        max={most.rows}
        allowDecimal={false}
        value={limit}
        error={wrong ? t("layout_related_range", { max: most.rows }) : undefined}
        onChange={setLimit}
      />
    </FormDrawer>
  );
}
