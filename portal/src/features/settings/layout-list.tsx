/** The rows of a layout, arranged by hand: tabs, sections, fields, lists of related records, surfaces of modules. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconPlus, IconTrash, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import type { Entity, SurfaceView } from "@/api/types";
import MoveHandle from "@/engines/list/move-handle";
import { listsFor, titleOfList } from "@/engines/related";
import { useSlot } from "@/engines/slots";
import { currentLocale } from "@/i18n";
import { Buttons, Tag } from "@/ui/block";
import { OrderedList, OrderedRow } from "@/ui/ordered";
import { blockRow, relatedRow, sectionRow, tabRow, titleIn } from "./layout-model";
import {
  hiddenId,
  type LayoutRow,
  mayGo,
  movedRow,
  type Titled,
  toggled,
  withChanged,
  withoutRow,
  withoutSection,
  withoutTab,
  withRow,
} from "./layout-rows";
import { RelatedForm } from "./related-form";
import { SectionForm } from "./section-form";

/** As many as the server takes. */
const most = { tab: 12, section: 30, related: 20, block: 20 } as const;

interface Props {
  entity: Entity;
  rows: LayoutRow[];
  onChange(rows: LayoutRow[]): void;
}

type Related = Extract<LayoutRow, { kind: "related" }>;

export function LayoutList({ entity, rows, onChange }: Props) {
  const { t } = useTranslation("rules");
  const [open, setOpen] = useState<{ row: Titled; isNew: boolean }>();
  const [list, setList] = useState<Related>();
  const names = useNames(entity);
  const ids = rows.map(({ id }) => id);
  const hidden = ids.indexOf(hiddenId);
  const move = (id: string, next: string, side: "before" | "after") =>
    onChange(movedRow(rows, id, next, side));
  const rowOf = (row: LayoutRow, index: number) => {
    const title = names.of(row);
    const handle = <MoveHandle id={row.id} title={title} ids={ids} onMove={move} />;
    const gone = (left: LayoutRow[], label: string) => (
      <ActionIcon aria-label={label} onClick={() => onChange(left)}>
        <IconTrash size={16} />
      </ActionIcon>
    );
    switch (row.kind) {
      case "hidden":
        return (
          <OrderedRow key={row.id} testId="layout-hidden" handle={null} name={<b>{t("layout_hidden")}</b>} />
        );
      case "tab":
        return (
          <OrderedRow
            key={row.id}
            testId={`layout-tab-${title}`}
            handle={handle}
            name={<b>{title}</b>}
            note={<Tag>{t("layout_tab")}</Tag>}
            onOpen={() => setOpen({ row, isNew: false })}
            actions={gone(withoutTab(rows, row.id), t("layout_remove_tab", { name: title }))}
          />
        );
      case "section":
        return (
          <OrderedRow
            key={row.id}
            testId={`layout-${title}`}
            handle={handle}
            name={<b>{title}</b>}
            onOpen={() => setOpen({ row, isNew: false })}
            actions={
              mayGo(rows, row) &&
              gone(withoutSection(rows, row.id), t("layout_remove_section", { name: title }))
            }
          />
        );
      case "related":
        return (
          <OrderedRow
            key={row.id}
            testId={`layout-related-${row.list.entity}-${row.list.via}`}
            handle={handle}
            name={title}
            note={<Tag>{t("layout_related")}</Tag>}
            onOpen={() => setList(row)}
            actions={gone(withoutRow(rows, row.id), t("layout_remove_row", { name: title }))}
          />
        );
      case "block":
        return (
          <OrderedRow
            key={row.id}
            testId={`layout-block-${row.name}`}
            handle={handle}
            name={title}
            note={<Tag>{t("layout_block")}</Tag>}
            actions={gone(withoutRow(rows, row.id), t("layout_remove_row", { name: title }))}
          />
        );
      default: {
        const shown = index < hidden;
        const required = entity.fields.find(({ key }) => key === row.key)?.required;
        return (
          <OrderedRow
            key={row.id}
            testId={`layout-field-${row.key}`}
            handle={handle}
            name={title}
            note={!shown && required ? <Tag tone="warn">{t("layout_required")}</Tag> : undefined}
            actions={
              <ActionIcon
                aria-label={t(shown ? "layout_hide" : "layout_show", { name: title })}
                onClick={() => onChange(toggled(rows, row.id))}
              >
                {shown ? <IconX size={16} /> : <IconPlus size={16} />}
              </ActionIcon>
            }
          />
        );
      }
    }
  };
  return (
    <>
      <OrderedList label={t("layout_sections")}>{rows.map(rowOf)}</OrderedList>
      <Buttons>
        <Adding
          entity={entity}
          rows={rows}
          onAdd={(row) => onChange(withRow(rows, row))}
          onName={(row) => setOpen({ row, isNew: true })}
        />
      </Buttons>
      {open && (
        <SectionForm
          key={open.row.id}
          kind={open.row.kind}
          title={open.row.title}
          onClose={() => setOpen(undefined)}
          onDone={(title) => {
            const row: LayoutRow = { ...open.row, title };
            onChange(open.isNew ? withRow(rows, row) : withChanged(rows, row));
            setOpen(undefined);
          }}
        />
      )}
      {list && (
        <RelatedForm
          key={list.id}
          list={list.list}
          title={names.of(list)}
          onClose={() => setList(undefined)}
          onDone={(next) => {
            onChange(withChanged(rows, { ...list, list: next }));
            setList(undefined);
          }}
        />
      )}
    </>
  );
}

const nameOf = ({ plugin, id }: SurfaceView) => `${plugin}.${id}`;

/** Surfaces of modules that a card of the entity may show. */
function useSurfaces(entity: Entity): SurfaceView[] {
  const tabs = useSlot(`record.${entity.key}.tab`);
  const sides = useSlot(`record.${entity.key}.sidebar`);
  return [...tabs, ...sides];
}

/** What rows are called. */
function useNames(entity: Entity): { of(row: LayoutRow): string } {
  const entities = useEntities();
  const surfaces = useSurfaces(entity);
  return {
    of(row) {
      switch (row.kind) {
        case "tab":
        case "section":
          return titleIn(row.title, currentLocale());
        case "field":
          return entity.fields.find(({ key }) => key === row.key)?.label ?? row.key;
        case "related": {
          const child = entities.find(({ key }) => key === row.list.entity);
          return child ? titleOfList(row.list, child, entity.key) : row.list.entity;
        }
        case "block":
          return surfaces.find((one) => nameOf(one) === row.name)?.title ?? row.name;
        default:
          return "";
      }
    },
  };
}

interface AddingProps {
  entity: Entity;
  rows: LayoutRow[];
  onAdd(row: LayoutRow): void;
  /** It needs a name first. */
  onName(row: Titled): void;
}

function Adding({ entity, rows, onAdd, onName }: AddingProps) {
  const { t } = useTranslation("rules");
  const entities = useEntities();
  const surfaces = useSurfaces(entity);
  const names = useNames(entity);
  const placed = new Set(rows.map(({ id }) => id));
  const has = (kind: keyof typeof most) => rows.filter((row) => row.kind === kind).length >= most[kind];
  const fresh = (other: LayoutRow[]) => other.filter(({ id }) => !placed.has(id));
  const lists = has("related") ? [] : fresh(listsFor(entities, entity.key).map(relatedRow));
  const blocks = has("block") ? [] : fresh(surfaces.map((one) => blockRow(nameOf(one))));
  return (
    <>
      <Add disabled={has("section")} onClick={() => onName(sectionRow(`new ${Date.now()}`, {}))}>
        {t("layout_add_section")}
      </Add>
      <Add disabled={has("tab")} onClick={() => onName(tabRow(`new ${Date.now()}`, {}))}>
        {t("layout_add_tab")}
      </Add>
      <AddOne label={t("layout_add_related")} rows={lists} nameOf={names.of} onAdd={onAdd} />
      <AddOne label={t("layout_add_block")} rows={blocks} nameOf={names.of} onAdd={onAdd} />
    </>
  );
}

const Add = (props: { disabled: boolean; onClick(): void; children: ReactNode }) => (
  <Button variant="default" leftSection={<IconPlus size={16} />} {...props} />
);

interface AddOneProps {
  label: string;
  rows: LayoutRow[];
  nameOf(row: LayoutRow): string;
  onAdd(row: LayoutRow): void;
}

/** One of those that are not placed yet; nothing to press where there are none. */
function AddOne({ label, rows, nameOf: named, onAdd }: AddOneProps) {
  if (rows.length === 0) return null;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" leftSection={<IconPlus size={16} />}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
        {rows.map((row) => (
          <Menu.Item key={row.id} onClick={() => onAdd(row)}>
            {named(row)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
