/** Chips of what is filtered by; a chip opens its condition, a button adds one. */

import { Button, Popover } from "@mantine/core";
import { IconFilterPlus } from "@tabler/icons-react";
import { type KeyboardEvent, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Filter } from "@/api/types";
import type { Shape } from "@/engines/source";
import { Chip, ChipRow } from "@/ui/chips";
import { type Condition, choicesOf, fromFilter, joinParts, partsOf, resolveField, toFilter } from "./model";
import { summaryOf } from "./summary";
import { useSummaryContext } from "./use-summary";

// Whoever says a filter in words alone takes it from here: a piece of its own would be one more request of a first page.
export { summaryOf, useSummaryContext };

const ConditionEditor = lazy(() => import("./condition-editor"));
const FieldPicker = lazy(() => import("./field-picker"));

interface Props {
  entity: Shape;
  filter: Filter | undefined;
  /** Only by the record's own fields and by what means the same on every day and for everybody. */
  fixed?: boolean;
  onChange(filter: Filter | undefined): void;
}

export function FilterBar({ entity, filter, fixed, onChange }: Props) {
  const { t } = useTranslation("filters");
  const entities = useEntities();
  const context = useSummaryContext(entity, filter);
  const [open, setOpen] = useState<number | "new" | "pick" | null>(null);
  const [fresh, setFresh] = useState<Condition | null>(null);
  const parts = partsOf(filter);

  const replace = (index: number, part: Filter) =>
    onChange(joinParts(parts.map((old, at) => (at === index ? part : old))));
  const remove = (index: number) => {
    setOpen(null);
    onChange(joinParts(parts.filter((_, at) => at !== index)));
  };
  const begin = (path: string) => {
    const resolved = resolveField(path, entity, entities);
    const choice = resolved && choicesOf(resolved.field, fixed)[0];
    if (!choice) return;
    setFresh({ field: path, choice, value: null });
    setOpen("new");
  };
  /** The first Escape closes the list or the calendar that is open inside. */
  const onEscape = ({ key, target }: KeyboardEvent) => {
    if (key !== "Escape") return;
    const inner = open !== "pick" && (target as Element).matches("[aria-expanded=true], [data-expanded]");
    if (!inner) setOpen(null);
  };

  return (
    <ChipRow label={t("filters")}>
      {parts.map((part, index) => {
        const path = "field" in part ? part.field : undefined;
        const resolved = path ? resolveField(path, entity, entities) : undefined;
        const condition = fromFilter(part, resolved?.field.type);
        const text = summaryOf(part, context);
        return (
          <Popover
            key={index}
            opened={open === index}
            onChange={(opened) => !opened && setOpen(null)}
            position="bottom-start"
            trapFocus
            returnFocus
            closeOnEscape={false}
          >
            <Popover.Target>
              <Chip
                text={text}
                removeLabel={t("remove", { text })}
                onOpen={condition && resolved ? () => setOpen(open === index ? null : index) : undefined}
                onRemove={() => remove(index)}
              />
            </Popover.Target>
            <Popover.Dropdown onKeyDown={onEscape}>
              {condition && resolved && (
                <Suspense>
                  <ConditionEditor
                    resolved={resolved}
                    refs={context.refs}
                    initial={condition}
                    fixed={fixed}
                    onDone={(next) => {
                      setOpen(null);
                      replace(index, toFilter(next, resolved.field.type));
                    }}
                  />
                </Suspense>
              )}
            </Popover.Dropdown>
          </Popover>
        );
      })}
      <Popover
        opened={open === "pick" || open === "new"}
        onChange={(opened) => !opened && setOpen(null)}
        position="bottom-start"
        trapFocus
        returnFocus
        closeOnEscape={false}
      >
        <Popover.Target>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<IconFilterPlus size={16} />}
            onClick={() => setOpen(open ? null : "pick")}
          >
            {t("add")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={open === "pick" ? 4 : undefined} onKeyDown={onEscape}>
          {open === "pick" && (
            <Suspense>
              <FieldPicker entity={entity} own={fixed} onPick={begin} />
            </Suspense>
          )}
          {open === "new" && fresh && (
            <NewCondition
              key={fresh.field}
              entity={entity}
              context={context}
              fresh={fresh}
              fixed={fixed}
              onDone={(part) => {
                setOpen(null);
                setFresh(null);
                onChange(joinParts([...parts, part]));
              }}
            />
          )}
        </Popover.Dropdown>
      </Popover>
      {parts.length > 1 && (
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => onChange(undefined)}>
          {t("clear")}
        </Button>
      )}
    </ChipRow>
  );
}

interface NewProps {
  entity: Shape;
  context: ReturnType<typeof useSummaryContext>;
  fresh: Condition;
  fixed?: boolean;
  onDone(part: Filter): void;
}

function NewCondition({ entity, context, fresh, fixed, onDone }: NewProps) {
  const resolved = resolveField(fresh.field, entity, context.entities);
  if (!resolved) return null;
  return (
    <Suspense>
      <ConditionEditor
        resolved={resolved}
        refs={context.refs}
        initial={fresh}
        fixed={fixed}
        onDone={(next) => onDone(toFilter(next, resolved.field.type))}
      />
    </Suspense>
  );
}
