/** What differs between two of a drawing's revisions, or from what runs now: steps and their contracts; layout is grey. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { differencesQuery, type Differences as Found, type Side } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import { kinds } from "@/engines/designer/kinds";
import { spanOf } from "@/engines/designer/time";
import { formatNumber } from "@/i18n/format";
import { DifferenceLine, DifferenceList } from "@/ui/designer-lists";
import { Bone } from "@/ui/states";
import { Hint } from "@/ui/work";
import { shortName } from "./model";

interface Props {
  from: Side;
  to: Side;
  /** What is in both, by id. */
  nameOf(element: string): string;
  /** On a page of its own: a line leads to its element. */
  onGo?(element: string): void;
}

export function Differences({ from, to, nameOf, onGo }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const query = useQuery(differencesQuery(from, to));
  if (query.isPending) return <Bone height={60} />;
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  const { added, removed, changed, moved } = query.data;
  if (added.length + removed.length + changed.length + moved.length === 0) {
    return <Hint>{t("drawings:differs_nothing")}</Hint>;
  }
  // Where an arrow leads is the id of a step; perhaps of one that is no more.
  const gone = new Map(removed.map(({ element, name }) => [element, name]));
  const stepOf = (element: string) => shortName(gone.get(element) || nameOf(element));
  return (
    <DifferenceList label={t("drawings:differences")} whole={onGo !== undefined}>
      <Elements how="added" elements={added} onGo={onGo} />
      <Elements how="removed" elements={removed} onGo={onGo} />
      {changed.map((one, index) => (
        <Change
          key={`${index} ${one.element}`}
          change={one}
          name={nameOf(one.element)}
          stepOf={stepOf}
          onGo={onGo}
        />
      ))}
      {moved.length > 0 && (
        <DifferenceLine how="moved" mark={t("drawings:differs_moved")}>
          {t("drawings:differs_moved_count", { count: moved.length })}
        </DifferenceLine>
      )}
    </DifferenceList>
  );
}

interface GoProps {
  onGo?(element: string): void;
}
const going = (onGo: GoProps["onGo"], element: string) => onGo && (() => onGo(element));

function Elements({ how, elements, onGo }: GoProps & { how: "added" | "removed"; elements: Found["added"] }) {
  const { t } = useTranslation("drawings");
  return elements.map(({ element, type, name }) => {
    const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find(
      (one) => kinds[one].type.toLowerCase() === `bpmn:${type}`.toLowerCase(),
    );
    const what = type === "sequenceFlow" ? t("kind_flow") : kind ? t(`kind_${kind}`) : type;
    return (
      <DifferenceLine key={element} how={how} mark={t(`differs_${how}`)} onGo={going(onGo, element)}>
        {name ? `${shortName(name)} · ${what}` : what}
      </DifferenceLine>
    );
  });
}

const words = {
  name: "name",
  documentation: "part_documentation",
  condition: "part_condition",
  source: "differs_source",
  target: "differs_target",
  default: "branch_default",
  "v:duration": "duration",
  "v:remindBefore": "remind_before",
  "v:executors": "part_who",
  "v:assignment": "assignment",
  "v:completedBy": "completed_by",
  "v:mainAction": "part_action",
  "v:requireMainAction": "require_action",
  "v:event": "event",
  "v:probability": "probability",
  "v:service": "part_service",
} as const;

function Change({
  change,
  name,
  stepOf,
  onGo,
}: GoProps & { change: Found["changed"][number]; name: string; stepOf(element: string): string }) {
  const { t } = useTranslation("drawings");
  const { what, before, after } = change;
  const known = Object.hasOwn(words, what) ? words[what as keyof typeof words] : undefined;
  const said = (text: string | null | undefined) => {
    if (!text) return "—";
    const span = what === "v:duration" || what === "v:remindBefore" ? spanOf(text) : undefined;
    if (what === "source" || what === "target") return stepOf(text);
    return span ? `${formatNumber(span.amount)} ${t(`short_${span.unit}`)}` : shortName(text);
  };
  return (
    <DifferenceLine how="changed" mark={t("differs_changed")} onGo={going(onGo, change.element)}>
      {name} · {known ? t(known) : what}: {said(before)} → {said(after)}
    </DifferenceLine>
  );
}
