/** Which rows of the file name its columns. */
import { Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { setHeader } from "@/api/imports";
import { messageOf } from "@/api/problem";
import type { Import, ImportHeader } from "@/api/types";
import { Block, Notice, Pair } from "@/ui/block";
import { lastRows } from "./mapping";

/** Cells that tell a row. */
const shown = 5;

export function HeaderBlock({ one, onChosen }: { one: Import; onChosen(): void }) {
  const { t } = useTranslation(["imports", "common"]);
  const choose = useMutation({
    mutationFn: (header: ImportHeader) => setHeader(one.id, header),
    onSuccess: onChosen,
  });
  const header = one.header;
  if (!header || one.top.length < 2) return null;
  const option = ({ row, cells }: Import["top"][number]) => ({
    value: String(row),
    label: t("imports:row_is", {
      row,
      cells: cells.filter(Boolean).slice(0, shown).join(" · "),
    }),
  });
  // The last row has nothing below it to import.
  const rows = one.top.slice(0, one.total === 0 ? undefined : -1);
  return (
    <Block title={t("imports:header")} note={t("imports:header_note")}>
      {choose.isError && <Notice tone="danger">{messageOf(choose.error, t("common:network"))}</Notice>}
      <Pair>
        <Select
          label={t("imports:header_first")}
          data={(rows.length > 0 ? rows : one.top).map(option)}
          value={String(header.first)}
          onChange={(row) => row && choose.mutate({ first: Number(row), last: Number(row) })}
          allowDeselect={false}
          disabled={choose.isPending}
        />
        <Select
          label={t("imports:header_last")}
          description={t("imports:header_last_text")}
          data={lastRows(one.top, header.first).map(option)}
          value={String(header.last)}
          onChange={(row) => row && choose.mutate({ first: header.first, last: Number(row) })}
          allowDeselect={false}
          disabled={choose.isPending}
        />
      </Pair>
    </Block>
  );
}
