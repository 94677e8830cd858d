/** Which field: a searchable list, own fields first, then those of linked records. */

import { Combobox, ScrollArea, useCombobox } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Shape } from "@/engines/source";

import { filterable } from "./model";

interface Props {
  entity: Shape;
  /** None of linked records. */
  own?: boolean;
  onPick(path: string): void;
}

export default function FieldPicker({ entity, own, onPick }: Props) {
  const { t } = useTranslation(["filters", "fields"]);
  const entities = useEntities();
  const [q, setQ] = useState("");
  const combobox = useCombobox({ defaultOpened: true });
  const input = useRef<HTMLInputElement>(null);
  // Loaded after its popover has opened: the popover's own search for a place to focus is over by now.
  useEffect(() => {
    const timer = setTimeout(() => input.current?.focus(), 0);
    return () => clearTimeout(timer);
  }, []);
  const wanted = q.trim().toLocaleLowerCase();
  const fields = filterable(entity, own ? [] : entities).filter(
    ({ label, group }) => !wanted || `${group ?? ""} ${label}`.toLocaleLowerCase().includes(wanted),
  );
  const groups = [...new Set(fields.map(({ group }) => group))];
  return (
    <Combobox store={combobox} onOptionSubmit={onPick}>
      <Combobox.EventsTarget>
        <Combobox.Search
          ref={input}
          value={q}
          autoFocus
          aria-label={t("filters:field")}
          placeholder={t("filters:field")}
          onChange={(event) => {
            setQ(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options aria-label={t("filters:field")}>
        <ScrollArea.Autosize mah={320} type="scroll" w={240}>
          {groups.map((group) => (
            <Combobox.Group key={group ?? ""} label={group}>
              {fields
                .filter((field) => field.group === group)
                .map(({ path, label }) => (
                  <Combobox.Option key={path} value={path}>
                    {label}
                  </Combobox.Option>
                ))}
            </Combobox.Group>
          ))}
          {fields.length === 0 && <Combobox.Empty>{t("fields:nothing_found")}</Combobox.Empty>}
        </ScrollArea.Autosize>
      </Combobox.Options>
    </Combobox>
  );
}
