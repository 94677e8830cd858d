/** Which columns are shown, and in what order. */
import { ActionIcon, Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/types";
import { isUnreadable } from "@/engines/fields/kinds";
import type { Shape } from "@/engines/source";
import { PickLine, PickList } from "@/ui/pick-list";

interface Props {
  entity: Shape;
  columns: Field[];
  onChange(keys: string[]): void;
}

export function ColumnsMenu({ entity, columns, onChange }: Props) {
  const { t } = useTranslation(["list", "common"]);
  const [q, setQ] = useState("");
  const keys = columns.map((field) => field.key);
  const wanted = q.trim().toLocaleLowerCase();
  const matches = (field: Field) => !wanted || field.label.toLocaleLowerCase().includes(wanted);
  const hidden = entity.fields.filter(
    (field) => !keys.includes(field.key) && !isUnreadable(field) && matches(field),
  );
  const swap = (at: number, by: 1 | -1) => {
    const next = [...keys];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(at + by, 0, moved);
    onChange(next);
  };
  return (
    <Popover position="bottom-end" width={300} trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconColumns3 size={16} />}>
          {t("list:columns")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        <TextInput
          size="xs"
          aria-label={t("common:search")}
          placeholder={t("common:search")}
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
        />
        <PickList>
          {columns.filter(matches).map((field) => {
            const at = keys.indexOf(field.key);
            const fixed = field.key === entity.title_field;
            return (
              <PickLine
                key={field.key}
                actions={
                  !fixed && (
                    <>
                      <ActionIcon
                        size={22}
                        disabled={at <= 1}
                        aria-label={t("list:column_left", { label: field.label })}
                        onClick={() => swap(at, -1)}
                      >
                        <IconArrowUp size={14} />
                      </ActionIcon>
                      <ActionIcon
                        size={22}
                        disabled={at >= keys.length - 1}
                        aria-label={t("list:column_right", { label: field.label })}
                        onClick={() => swap(at, 1)}
                      >
                        <IconArrowDown size={14} />
                      </ActionIcon>
                    </>
                  )
                }
              >
                <Checkbox
                  size="xs"
                  label={field.label}
                  checked
                  disabled={fixed}
                  onChange={() => onChange(keys.filter((key) => key !== field.key))}
                />
              </PickLine>
            );
          })}
          {hidden.map((field) => (
            <PickLine key={field.key}>
              <Checkbox
                size="xs"
                label={field.label}
                checked={false}
                onChange={() => onChange([...keys, field.key])}
              />
            </PickLine>
          ))}
        </PickList>
      </Popover.Dropdown>
    </Popover>
  );
}
