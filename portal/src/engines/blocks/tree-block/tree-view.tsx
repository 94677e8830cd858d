/**
 * Things above and below one another: an outline, a mind map, an org chart. Arrows walk, Left and Right close and open,
 * the menu of a line moves it where a drag would. On a phone every shape is an outline.
 */
import { ActionIcon, Button, Checkbox, Menu, Modal, Select } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconDots } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButtons, useActions } from "@/engines/blocks/actions";
import { usePage, useSay, useTextMaker } from "@/engines/blocks/context";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import { useSaving } from "@/engines/blocks/save";
import type { TreeBlock } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { AskButtons, AskFields, BarGap, BlockBar, Spoken } from "@/ui/block-frame";
import {
  CardText,
  MapArea,
  MapCard,
  Outline,
  OutlineGap,
  OutlineLine,
  OutlineText,
  outlineRow,
} from "@/ui/tree";
import { usePhone } from "@/ui/use-phone";
import { usePrinting } from "@/ui/use-printing";
import { buildTree, flatten, keyOf, moveOf, type NodeInput, placeTree, type TreeNode } from "./model";

export default function TreeView({ block }: { block: TreeBlock }) {
  const sources = [...new Set(block.levels.map(({ source }) => source))];
  return (
    <Gate
      block={block}
      sources={sources}
      height={320}
      isEmpty={(data) => data.every((one) => one.rows?.length === 0)}
    >
      {() => <Loaded block={block} />}
    </Gate>
  );
}

/** The rows of every level, and how their fields read. */
function useLevels(block: TreeBlock) {
  const page = usePage();
  const data = block.levels.map(({ source }) => page.source(source));
  const make = useTextMaker();
  const texts = block.levels.map(({ source }, index) => make(source, data[index] ?? { loading: true }));
  const rows = data.map((one) => one.rows ?? []);
  const text = (level: number, row: SourceRow, key: string): string => {
    const context = texts[level];
    const value = row.fields[key];
    if (!context || isEmpty(value)) return "";
    const field = fieldOf(context.entity, key);
    return field ? textOf(field, value, context, row.fields) : String(value);
  };
  return { rows, text };
}

interface Shared {
  block: TreeBlock;
  roots: TreeNode[];
  all: TreeNode[];
  closed: ReadonlySet<string>;
  rowOf(node: TreeNode): SourceRow | undefined;
  factsOf(node: TreeNode): string[];
  toggle(node: TreeNode): void;
  move(node: TreeNode, target: TreeNode | undefined): void;
  ask(node: TreeNode): void;
  open(node: TreeNode): void;
  check(node: TreeNode): void;
  drag: {
    node?: TreeNode;
    begin(node: TreeNode): void;
    over(target: TreeNode): boolean;
    drop(target: TreeNode): void;
  };
}

function Loaded({ block }: { block: TreeBlock }) {
  const { t } = useTranslation("blocks");
  const phone = usePhone();
  const actions = useActions();
  const saving = useSaving();
  const { rows, text } = useLevels(block);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<TreeNode>();
  const dragged = useRef<TreeNode>(undefined);
  const count = rows.reduce((sum, level) => sum + level.length, 0);
  const inputs = block.levels.flatMap((level, index) =>
    (rows[index] ?? []).map((row): NodeInput => {
      const value = (key: string | undefined) => {
        const found = key === undefined ? undefined : row.fields[key];
        return typeof found === "string" && found ? found : undefined;
      };
      return {
        id: row.id,
        level: index,
        label: text(index, row, level.label),
        parent: value(level.parent),
        under: value(level.under),
      };
    }),
  );
  const print = JSON.stringify(inputs);
  const roots = useMemo(() => buildTree(JSON.parse(print) as NodeInput[]), [print]);
  const all = useMemo(() => flatten(roots, new Set()), [roots]);
  if (count > most.treeNodes) return <TooLarge size={count} most={most.treeNodes} />;

  const rowOf = (node: TreeNode) => rows[node.level]?.find(({ id }) => id === node.id);
  const move = (node: TreeNode, target: TreeNode | undefined) => {
    const patch = moveOf(node, target, block.levels);
    const row = rowOf(node);
    const level = block.levels[node.level];
    if (!patch || !row || !level) return;
    const said = target
      ? t("moved_under", { what: node.label, where: target.label })
      : t("moved_top", { what: node.label });
    void saving.change(level.source, row, patch, said);
  };
  const shared: Shared = {
    block,
    roots,
    all,
    closed,
    rowOf,
    move,
    factsOf(node) {
      const row = rowOf(node);
      return row ? (block.card ?? []).map((field) => text(node.level, row, field)) : [];
    },
    toggle(node) {
      const key = keyOf(node);
      setClosed((old) =>
        old.has(key) ? new Set([...old].filter((one) => one !== key)) : new Set(old).add(key),
      );
    },
    ask: setAsked,
    open(node) {
      const level = block.levels[node.level];
      if (block.on_open && level) actions.runOn(block.on_open, level.source, node.id);
    },
    check(node) {
      const row = rowOf(node);
      const level = block.levels[node.level];
      if (!block.checked || !row || !level || !(block.checked in row.fields)) return;
      void saving.change(level.source, row, { [block.checked]: row.fields[block.checked] !== true });
    },
    drag: {
      begin: (node) => {
        dragged.current = node;
      },
      over: (target) =>
        dragged.current !== undefined && moveOf(dragged.current, target, block.levels) !== undefined,
      drop(target) {
        if (dragged.current) move(dragged.current, target);
        dragged.current = undefined;
      },
    },
  };
  const shape = phone ? "outline" : (block.shape ?? "outline");
  return (
    <>
      {block.move && <Spoken id={`${block.id}-keys`}>{t("tree_keys")}</Spoken>}
      {shape === "outline" ? <AsOutline {...shared} /> : <AsMap {...shared} shape={shape} />}
      {asked && (
        <MoveDialog
          node={asked}
          targets={all.filter((target) => moveOf(asked, target, block.levels) !== undefined)}
          top={moveOf(asked, undefined, block.levels) !== undefined}
          onMove={(target) => move(asked, target)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

/** Where the keys lead among the shown nodes. */
function walk(event: KeyboardEvent, node: TreeNode, shown: TreeNode[], shared: Shared): TreeNode | undefined {
  const at = shown.indexOf(node);
  const isClosed = shared.closed.has(keyOf(node));
  switch (event.key) {
    case "ArrowDown":
      return shown[at + 1];
    case "ArrowUp":
      return shown[at - 1];
    case "Home":
      return shown[0];
    case "End":
      return shown[shown.length - 1];
    case "ArrowRight":
      if (node.children.length === 0) return undefined;
      if (!isClosed) return node.children[0];
      shared.toggle(node);
      return node;
    case "ArrowLeft":
      if (node.children.length > 0 && !isClosed) {
        shared.toggle(node);
        return node;
      }
      return shown.slice(0, at).findLast((one) => one.children.includes(node));
    case "Enter":
      shared.open(node);
      return node;
    case " ":
      shared.check(node);
      return node;
    default:
      return undefined;
  }
}

function NodeMenu({ node, shared, children }: { node: TreeNode; shared: Shared; children?: ReactNode }) {
  const { t } = useTranslation("blocks");
  const { block } = shared;
  if (!block.move && !block.on_open) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size={22} aria-label={t("actions_of", { what: node.label })} tabIndex={-1} data-menu>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {block.on_open && <Menu.Item onClick={() => shared.open(node)}>{t("open")}</Menu.Item>}
        {block.move && <Menu.Item onClick={() => shared.ask(node)}>{t("move_to")}</Menu.Item>}
        {children}
      </Menu.Dropdown>
    </Menu>
  );
}

function Opener({ node, shared }: { node: TreeNode; shared: Shared }) {
  const { t } = useTranslation("blocks");
  const isClosed = shared.closed.has(keyOf(node));
  return (
    <ActionIcon
      size={20}
      tabIndex={-1}
      aria-label={t(isClosed ? "open_what" : "close_what", { what: node.label })}
      onClick={() => shared.toggle(node)}
    >
      {isClosed ? <IconChevronRight size={14} /> : <IconChevronDown size={14} />}
    </ActionIcon>
  );
}

function useWalk(shown: TreeNode[], shared: Shared, reach: (key: string) => void) {
  const [active, setActive] = useState<string>();
  const first = shown[0] && keyOf(shown[0]);
  const current = active !== undefined && shown.some((node) => keyOf(node) === active) ? active : first;
  const keys = (event: KeyboardEvent, node: TreeNode) => {
    // The menu of the line by the key for menus, as everywhere.
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      event.preventDefault();
      event.currentTarget.querySelector<HTMLElement>("[data-menu]")?.click();
      return;
    }
    const next = walk(event, node, shown, shared);
    if (!next) return;
    event.preventDefault();
    setActive(keyOf(next));
    reach(keyOf(next));
  };
  return { current, keys, setActive };
}

function AsOutline(shared: Shared) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const phone = usePhone();
  const printing = usePrinting();
  const { block, roots, closed, drag } = shared;
  const scroller = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState<string>();
  const shown = useMemo(() => flatten(roots, closed), [roots, closed]);
  const size = phone ? 44 : outlineRow;
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 12,
  });
  const items = printing
    ? shown.map((_, index) => ({ index, start: index * size }))
    : virtual.getVirtualItems();
  const { current, keys, setActive } = useWalk(shown, shared, (key) => {
    const index = shown.findIndex((node) => keyOf(node) === key);
    virtual.scrollToIndex(index);
    setTimeout(() => scroller.current?.querySelector<HTMLElement>(`[data-at="${key}"]`)?.focus(), 16);
  });
  return (
    <>
      {block.add && (
        <BlockBar>
          <BarGap />
          <ActionButtons actions={[block.add]} />
        </BlockBar>
      )}
      <Outline
        ref={scroller}
        label={say(block.title) || t("tree")}
        height={virtual.getTotalSize()}
        most={block.height ?? 520}
        described={block.move ? `${block.id}-keys` : undefined}
      >
        {items.map(({ index, start }) => {
          const node = shown[index];
          if (!node) return null;
          const key = keyOf(node);
          const row = shared.rowOf(node);
          const done = block.checked ? row?.fields[block.checked] === true : false;
          return (
            <OutlineLine
              key={key}
              at={key}
              top={start}
              level={node.depth}
              position={index}
              siblings={shown.length}
              expanded={node.children.length > 0 ? !closed.has(key) : undefined}
              over={over === key}
              focusable={current === key}
              draggable={block.move === true}
              onFocus={() => setActive(key)}
              onKeyDown={(event) => keys(event, node)}
              onDragStart={() => drag.begin(node)}
              onDragOver={() => {
                const may = drag.over(node);
                setOver(may ? key : undefined);
                return may;
              }}
              onDrop={() => {
                setOver(undefined);
                drag.drop(node);
              }}
            >
              {node.children.length > 0 ? <Opener node={node} shared={shared} /> : <OutlineGap />}
              {block.checked && row && block.checked in row.fields && (
                <Checkbox
                  size="xs"
                  tabIndex={-1}
                  checked={done}
                  aria-label={t("check_what", { what: node.label })}
                  onChange={() => shared.check(node)}
                />
              )}
              <OutlineText strong={node.children.length > 0} done={done} facts={shared.factsOf(node)}>
                {node.label}
              </OutlineText>
              <NodeMenu node={node} shared={shared} />
            </OutlineLine>
          );
        })}
      </Outline>
    </>
  );
}

function AsMap({ shape, ...shared }: Shared & { shape: "mind_map" | "org_chart" }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const { block, roots, closed, drag } = shared;
  const [scale, setScale] = useState(1);
  const [over, setOver] = useState<string>();
  const area = useRef<HTMLDivElement>(null);
  const facts = Math.min(2, block.card?.length ?? 0);
  const across = shape === "mind_map";
  const sizes = {
    width: across ? 200 : 184,
    height: 34 + facts * 18,
    gapX: across ? 56 : 20,
    gapY: across ? 12 : 44,
  };
  const drawing = placeTree(roots, closed, sizes, across ? "across" : "down");
  const shown = useMemo(() => flatten(roots, closed), [roots, closed]);
  const { current, keys, setActive } = useWalk(shown, shared, (key) => {
    setTimeout(() => area.current?.querySelector<HTMLElement>(`[data-at="${key}"]`)?.focus(), 16);
  });
  const edges = drawing.lines.map(({ from, to }) => {
    const { width, height } = sizes;
    if (across) {
      const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2];
      const half = (x1 + x2) / 2;
      return `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${x2} ${y2}`;
    }
    const [x1, y1, x2, y2] = [from.x + width / 2, from.y + height, to.x + width / 2, to.y];
    return `M${x1} ${y1}V${(y1 + y2) / 2}H${x2}V${y2}`;
  });
  return (
    <div ref={area}>
      <BlockBar>
        <ActionButtons actions={block.add && [block.add]} />
        <BarGap />
        <Button
          variant="default"
          aria-label={t("smaller")}
          disabled={scale <= 0.4}
          onClick={() => setScale(scale - 0.2)}
        >
          −
        </Button>
        <Button
          variant="default"
          aria-label={t("larger")}
          disabled={scale >= 1.6}
          onClick={() => setScale(scale + 0.2)}
        >
          +
        </Button>
      </BlockBar>
      <MapArea
        label={say(block.title) || t("tree")}
        width={drawing.width}
        height={drawing.height}
        most={block.height ?? 520}
        scale={scale}
        lines={edges}
      >
        {drawing.nodes.map(({ node, x, y }) => {
          const key = keyOf(node);
          return (
            <MapCard
              key={key}
              at={key}
              x={x}
              y={y}
              width={sizes.width}
              height={sizes.height}
              level={node.depth}
              root={node.depth === 0}
              label={[node.label, ...shared.factsOf(node)].filter(Boolean).join(", ")}
              expanded={node.children.length > 0 ? !closed.has(key) : undefined}
              over={over === key}
              focusable={current === key}
              draggable={block.move === true}
              onFocus={() => setActive(key)}
              onKeyDown={(event) => keys(event, node)}
              onDragStart={() => drag.begin(node)}
              onDragOver={() => {
                const may = drag.over(node);
                setOver(may ? key : undefined);
                return may;
              }}
              onDrop={() => {
                setOver(undefined);
                drag.drop(node);
              }}
            >
              <CardText title={node.label} facts={shared.factsOf(node).slice(0, facts)} />
              <NodeMenu node={node} shared={shared} />
              {node.children.length > 0 && <Opener node={node} shared={shared} />}
            </MapCard>
          );
        })}
      </MapArea>
    </div>
  );
}

interface MoveProps {
  node: TreeNode;
  targets: TreeNode[];
  top: boolean;
  onMove(target: TreeNode | undefined): void;
  onClose(): void;
}

function MoveDialog({ node, targets, top, onMove, onClose }: MoveProps) {
  const { t } = useTranslation(["blocks", "common"]);
  const [chosen, setChosen] = useState<string | null>(null);
  const data = [
    ...(top ? [{ value: "top", label: t("blocks:to_the_top") }] : []),
    ...targets.map((target) => ({
      value: keyOf(target),
      label: `${"  ".repeat(target.depth)}${target.label}`,
    })),
  ];
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("blocks:move_what", { what: node.label })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <AskFields>
        <Select
          data-autofocus
          searchable
          label={t("blocks:under")}
          data={data}
          value={chosen}
          onChange={setChosen}
          nothingFoundMessage={t("common:nothing_found")}
        />
      </AskFields>
      <AskButtons>
        <Button variant="default" onClick={onClose}>
          {t("common:cancel")}
        </Button>
        <Button
          disabled={!chosen}
          onClick={() => {
            onMove(targets.find((target) => keyOf(target) === chosen));
            onClose();
          }}
        >
          {t("blocks:move")}
        </Button>
      </AskButtons>
    </Modal>
  );
}
