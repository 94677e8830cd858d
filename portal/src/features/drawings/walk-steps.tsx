/** The steps of a dry run in a list: a press shows the step on the drawing, a question offers its other ways. */
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Designer, Way } from "@/engines/designer/designer";
import { formatDateTime } from "@/i18n/format";
import { WalkLine, WalkList } from "@/ui/walk";
import { Hint } from "@/ui/work";
import { useEffectWords, useReasons, useStopWords, useWho } from "./reasons";
import type { Walkthrough } from "./use-dry-run";
import { answersFor, type Choice, type Walked, waysFrom } from "./walk";

interface Props {
  designer: Designer;
  shown: Walkthrough;
  choices: Map<string, Choice>;
  busy: boolean;
  nameOf(element: string): string;
  onChoose(question: string, way: string, variables: Record<string, unknown>): void;
}

interface Said extends Props {
  reason: ReturnType<typeof useReasons>;
  who: ReturnType<typeof useWho>;
  effect: ReturnType<typeof useEffectWords>;
}

/** More would be a run that goes round and round. */
const MOST = 200;

export function WalkSteps(props: Props) {
  const { t } = useTranslation("drawings");
  const { designer, shown, nameOf } = props;
  const selected = designer.selected();
  const at = selected.parent ? selected.id : undefined;
  const look = (element: string) => designer.select(element, true);
  const why = useStopWords();
  const waiting = shown.run.open.map(({ element }) => element);
  // Where it came to the question, the question stands among the steps.
  const open = waiting.filter(
    (element) => !shown.steps.some((step) => step.element === element && step.taken.length === 0),
  );
  const said: Said = {
    ...props,
    reason: useReasons(designer, shown.subject),
    who: useWho(),
    effect: useEffectWords(),
  };
  return (
    <>
      <WalkList label={t("walk")}>
        {shown.steps.slice(0, MOST).map((step) => (
          <Step
            key={step.order}
            {...said}
            step={step}
            open={step.taken.length === 0 && waiting.includes(step.element)}
            selected={step.element === at}
            onLook={look}
          />
        ))}
        {open.map((element) => (
          <WalkLine
            key={`open ${element}`}
            place="?"
            name={nameOf(element)}
            lines={[]}
            selected={element === at}
            onSelect={() => look(element)}
          >
            <OtherWay {...said} question={element} ways={waysFrom(shown.ways, element)} taken={[]} />
          </WalkLine>
        ))}
        {shown.failed.map(({ element, message }) => (
          <WalkLine
            key={`failed ${element}`}
            place="!"
            name={nameOf(element)}
            lines={[{ key: "why", text: why(message), tone: "late" }]}
            trouble
            selected={element === at}
            onSelect={() => look(element)}
          />
        ))}
      </WalkList>
      {shown.steps.length > MOST && <Hint>{t("walk_more", { count: shown.steps.length - MOST })}</Hint>}
    </>
  );
}

function Step({
  step,
  open,
  selected,
  onLook,
  ...props
}: Said & { step: Walked; open: boolean; selected: boolean; onLook(element: string): void }) {
  const { t } = useTranslation("drawings");
  const { designer, shown, nameOf, who, effect, reason } = props;
  const task = designer.element(step.element)?.type === "bpmn:UserTask";
  const gets = task ? who(step.who) : undefined;
  const lines: { key: string; text: string; tone?: "late" | "plain" }[] = [];
  if (gets) lines.push({ key: "who", text: gets.text, tone: gets.nobody ? "late" : "plain" });
  if (step.due) lines.push({ key: "due", text: t("walk_due", { when: formatDateTime(step.due) }) });
  step.effects.forEach((one, index) => {
    lines.push({ key: `effect ${index}`, text: effect(one, task) });
  });
  for (const way of step.taken) {
    const name = nameOf(way.target);
    const why = reason(way, shown.run);
    lines.push({ key: way.id, text: t("walk_way", { name, reason: why }) });
  }
  return (
    <WalkLine
      place={open ? "?" : String(step.order)}
      name={nameOf(step.element)}
      lines={lines}
      trouble={gets?.nobody}
      selected={selected}
      onSelect={() => onLook(step.element)}
    >
      {step.ways.length > 1 && (
        <OtherWay {...props} question={step.element} ways={step.ways} taken={step.taken} />
      )}
    </WalkLine>
  );
}

/** Ways that a step before the question could bring about are offered; of the others it is said why not. */
function OtherWay({
  reason,
  choices,
  busy,
  nameOf,
  onChoose,
  question,
  ways,
  taken,
}: Said & { question: string; ways: Way[]; taken: Way[] }) {
  const { t } = useTranslation("drawings");
  const offered = ways.map((way) => ({ way, variables: answersFor(ways, way) }));
  if (offered.every(({ variables }) => variables === undefined)) {
    return taken.length === 0 ? <Hint>{t("walk_not_askable")}</Hint> : null;
  }
  const chosen = choices.get(question)?.way ?? taken[0]?.id;
  return (
    <Select
      size="xs"
      mt={6}
      label={t(taken.length === 0 ? "walk_choose" : "walk_another", { name: nameOf(question) })}
      placeholder={t("walk_choose_which")}
      allowDeselect={false}
      disabled={busy}
      data={offered.map(({ way, variables }) => ({
        value: way.id,
        label: `${way.name || nameOf(way.target)} · ${reason(way)}`,
        disabled: variables === undefined,
      }))}
      value={chosen ?? null}
      onChange={(next) => {
        const one = offered.find(({ way }) => way.id === next);
        if (one?.variables) onChoose(question, one.way.id, one.variables);
      }}
    />
  );
}
