/** The list of steps beside the drawing: all that the pen does, by keys and for readers of the screen. */
import { ActionIcon, Menu, Select, TextInput } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconArrowUpRight,
  IconClockPlus,
  IconPlus,
  IconSearch,
  IconTrash,
} from "@tabler/icons-react";
import { memo, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Designer } from "@/engines/designer/designer";
import { borders, following, type Kind } from "@/engines/designer/kinds";
import type { Trouble } from "@/engines/designer/marks";
import { isA } from "@/engines/designer/moddle";
import type { Shape } from "@/engines/designer/services";
import { inOrder } from "@/engines/route-map/drawing";
import { StepLine, StepLines, StepsPane } from "@/ui/designer";
import { Hint } from "@/ui/work";
import { KindIcon } from "./icons";
import { useNameOf } from "./words";

/** A list of thousands is found in by its search. */
const MOST = 300;

interface Props {
  designer: Designer;
  everything: boolean;
  troubles: Map<string, Trouble>;
  /** A new step waits for its name. */
  onAdded(): void;
}

/** In the order of the arrows; what hangs on a step stands right after it, where it leads to comes after the step's own ways. */
function ordered(designer: Designer): Shape[] {
  const steps = designer.steps();
  const nodes = steps
    .filter(({ host }) => !host)
    .map((shape) => ({
      id: shape.id,
      kind:
        shape.type === "bpmn:StartEvent" && shape.parent?.type !== "bpmn:SubProcess" ? "start" : shape.type,
      shape,
    }));
  const flows: { from: string; to: string }[] = [];
  const later: typeof flows = [];
  const hanging = new Map<Shape, Shape[]>();
  for (const shape of steps) {
    if (shape.host) hanging.set(shape.host, [...(hanging.get(shape.host) ?? []), shape]);
    for (const { target } of shape.outgoing) {
      if (target) (shape.host ? later : flows).push({ from: (shape.host ?? shape).id, to: target.id });
    }
    if (shape.type !== "bpmn:SubProcess") continue;
    const first = shape.children?.find(({ type }) => type === "bpmn:StartEvent");
    if (first) flows.unshift({ from: shape.id, to: first.id });
  }
  return inOrder(nodes, [...flows, ...later]).flatMap(({ shape }) => [shape, ...(hanging.get(shape) ?? [])]);
}

function innerOf(shape: Shape): number {
  let inner = shape.host ? 1 : 0;
  for (let one = shape.parent; one; one = one.parent) if (one.type === "bpmn:SubProcess") inner += 1;
  return Math.min(inner, 4);
}

export function Steps({ designer, everything, troubles, onAdded }: Props) {
  const { t } = useTranslation("drawings");
  const [search, setSearch] = useState("");
  const nameOf = useNameOf(designer);
  const { changes } = designer;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawing is one object that counts its changes
  const all = useMemo(() => ordered(designer), [designer, changes]);
  const wanted = search.trim().toLowerCase();
  const found = wanted ? all.filter((shape) => nameOf(shape).toLowerCase().includes(wanted)) : all;
  const selected = designer.selected();
  const select = useMemo(() => (id: string) => designer.select(id, true), [designer]);
  return (
    <StepsPane
      label={t("steps")}
      head={
        all.length > 12 ? (
          <TextInput
            type="search"
            size="xs"
            flex={1}
            aria-label={t("steps_search")}
            placeholder={t("steps_search")}
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        ) : (
          <span>{t("steps")}</span>
        )
      }
    >
      <StepLines>
        {found.slice(0, MOST).map((shape) => (
          <Line
            key={shape.id}
            id={shape.id}
            kind={designer.kind(shape)}
            name={nameOf(shape)}
            named={Boolean(shape.businessObject.name)}
            inner={innerOf(shape)}
            trouble={troubles.get(shape.id)}
            selected={shape === selected}
            onSelect={select}
          >
            {shape === selected && (
              <Acts
                designer={designer}
                shape={shape}
                all={all}
                everything={everything}
                nameOf={nameOf}
                onAdded={onAdded}
              />
            )}
          </Line>
        ))}
      </StepLines>
      {found.length > MOST && <Hint>{t("steps_more", { count: found.length - MOST })}</Hint>}
      {all.length === 0 && <Hint>{t("steps_empty")}</Hint>}
    </StepsPane>
  );
}

interface LineProps {
  id: string;
  kind: Kind | undefined;
  name: string;
  named: boolean;
  inner: number;
  trouble?: Trouble;
  selected: boolean;
  onSelect(id: string): void;
  children?: React.ReactNode;
}

const Line = memo(function Line({
  id,
  kind,
  name,
  named,
  inner,
  trouble,
  selected,
  onSelect,
  children,
}: LineProps) {
  const { t } = useTranslation("drawings");
  return (
    <StepLine
      id={id}
      icon={<KindIcon kind={kind} />}
      name={name}
      nameless={!named}
      about={named ? t(kind ? `kind_${kind}` : "kind_element") : ""}
      inner={inner}
      trouble={trouble}
      troubleWords={trouble && t(`trouble_${trouble}`)}
      selected={selected}
      onSelect={() => onSelect(id)}
    >
      {children}
    </StepLine>
  );
});

interface ActsProps {
  designer: Designer;
  shape: Shape;
  all: Shape[];
  everything: boolean;
  nameOf(shape: Shape): string;
  onAdded(): void;
}

function Acts({ designer, shape, all, everything, nameOf, onAdded }: ActsProps) {
  const { t } = useTranslation("drawings");
  const [connecting, setConnecting] = useState(false);
  const name = nameOf(shape);
  const goesOn = !isA(shape.businessObject, "bpmn:EndEvent");
  const activity = isA(shape.businessObject, "bpmn:Activity");
  const targets = connecting ? all.filter((other) => designer.mayConnect(shape, other)) : [];
  return (
    <>
      {goesOn && (
        <KindMenu
          label={t("add_after", { name })}
          icon={<IconPlus size={16} />}
          kinds={following(everything)}
          onPick={(kind) => {
            designer.addAfter(shape, kind, newName(kind, t("new_step")));
            onAdded();
          }}
        />
      )}
      {activity && (
        <KindMenu
          label={t("add_border", { name })}
          icon={<IconClockPlus size={16} />}
          kinds={everything ? borders : borders.slice(0, 1)}
          onPick={(kind) => {
            designer.addBorder(shape, kind);
            onAdded();
          }}
        />
      )}
      <ActionIcon
        aria-label={t("move_earlier", { name })}
        disabled={!designer.mayMove(shape, "earlier")}
        onClick={() => designer.move(shape, "earlier")}
      >
        <IconArrowUp size={16} />
      </ActionIcon>
      <ActionIcon
        aria-label={t("move_later", { name })}
        disabled={!designer.mayMove(shape, "later")}
        onClick={() => designer.move(shape, "later")}
      >
        <IconArrowDown size={16} />
      </ActionIcon>
      {goesOn && (
        <ActionIcon
          aria-label={t("connect", { name })}
          aria-expanded={connecting}
          onClick={() => setConnecting(!connecting)}
        >
          <IconArrowUpRight size={16} />
        </ActionIcon>
      )}
      <ActionIcon aria-label={t("remove", { name })} onClick={() => designer.remove(shape)}>
        <IconTrash size={16} />
      </ActionIcon>
      {connecting && (
        <Select
          aria-label={t("connect", { name })}
          placeholder={t("connect_to")}
          searchable
          autoFocus
          w="100%"
          limit={100}
          data={targets.map((other) => ({ value: other.id, label: nameOf(other) }))}
          value={null}
          onChange={(id) => {
            const target = id && designer.element(id);
            if (target) designer.connect(shape, target);
            setConnecting(false);
          }}
        />
      )}
    </>
  );
}

/** Only steps are born with a name: a question or an end says what it is by its shape. */
export const newName = (kind: Kind, step: string): string => (kind === "step" ? step : "");

function KindMenu({
  label,
  icon,
  kinds,
  onPick,
}: {
  label: string;
  icon: React.ReactNode;
  kinds: Kind[];
  onPick(kind: Kind): void;
}) {
  const { t } = useTranslation("drawings");
  return (
    <Menu position="bottom-start" returnFocus={false}>
      <Menu.Target>
        <ActionIcon aria-label={label}>{icon}</ActionIcon>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 360, overflowY: "auto" }}>
        {kinds.map((kind) => (
          <Menu.Item key={kind} leftSection={<KindIcon kind={kind} />} onClick={() => onPick(kind)}>
            {t(`kind_${kind}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
