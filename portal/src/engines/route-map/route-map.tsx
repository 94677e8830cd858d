/**
 * A route map: the drawing with states on it, and the same as a list of steps. Narrower than 900 px the list comes
 * first and the drawing is asked for; the list does everything without a mouse.
 */
import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatRelative } from "@/i18n/format";
import { MapBar, MapFrame, Step, StepList } from "@/ui/route-map";
import { Bone } from "@/ui/states";
import { Hint } from "@/ui/work";
import { type Drawing, readDrawing, stepsOf } from "./drawing";
import { useSpan, useWorked } from "./span";
import type { Sights } from "./states";

const Canvas = lazy(() => import("./canvas"));

interface Props {
  xml: string;
  /** Spoken name. */
  label: string;
  sights: Sights;
  names?: Map<string, string>;
  selected?: string;
  onSelect?(element: string): void;
  /** What the list offers at each step. */
  stepAction?: { label: string; run(element: string): void };
}

export const useDrawing = (xml: string | undefined): Drawing | undefined =>
  useMemo(() => (xml === undefined ? undefined : readDrawing(xml)), [xml]);

/** States in words: "now, 2 h", "overdue", "2 times". */
export function useWords(sights: Sights, names: Map<string, string> | undefined) {
  const { t } = useTranslation("processes");
  const span = useSpan();
  const worked = useWorked();
  return useCallback(
    (element: string, long: boolean): string => {
      const sight = sights.get(element);
      if (!sight) return "";
      const now = Date.now();
      const parts: string[] = [];
      if (sight.state === "path") parts.push(String(sight.step));
      else if ((sight.state !== "done" && sight.state !== "moved") || long)
        parts.push(t(`state_${sight.state}`));
      // How long it stands there already; in the first minute that says nothing.
      const stood = sight.since && now - new Date(sight.since).getTime() >= 60_000;
      if (sight.limit && sight.elapsed !== undefined && sight.state !== "path")
        parts.push(worked(sight.elapsed, sight.limit));
      else if (stood && sight.state !== "incident")
        parts.push(span(sight.since ?? "", new Date(now).toISOString()));
      if (long && sight.due) parts.push(t("due_when", { when: formatRelative(sight.due, now) }));
      if (long && sight.left && sight.state === "done") parts.push(formatRelative(sight.left, now));
      if (sight.visits > 1 && sight.state !== "path") parts.push(t("times", { count: sight.visits }));
      const person = sight.assignee && names?.get(sight.assignee);
      if (long && person) parts.push(person);
      return parts.join(" · ");
    },
    [sights, names, span, worked, t],
  );
}

export function RouteMap({ xml, label, sights, names, selected, onSelect, stepAction }: Props) {
  const { t } = useTranslation("processes");
  const drawing = useDrawing(xml);
  const narrow = useMediaQuery("(max-width: 899px)", false, { getInitialValueInEffect: false });
  const [chosen, setView] = useState<"map" | "steps">();
  const [failed, setFailed] = useState(false);
  const zoom = useRef<((by: number) => void) | null>(null);
  const words = useWords(sights, names);
  const short = useCallback((element: string) => words(element, false), [words]);
  const canDraw = drawing?.drawn === true && !failed;
  const view = canDraw ? (chosen ?? (narrow ? "steps" : "map")) : "steps";
  return (
    <section aria-label={label} className="v-route-map" data-testid="route-map">
      <MapBar>
        {canDraw && (
          <SegmentedControl
            aria-label={t("view")}
            value={view}
            onChange={(next) => setView(next as "map" | "steps")}
            data={[
              { value: "map", label: t("view_map") },
              { value: "steps", label: t("view_steps") },
            ]}
          />
        )}
        {view === "map" && (
          <>
            <ActionIcon aria-label={t("zoom_out")} onClick={() => zoom.current?.(0.8)}>
              <IconMinus size={16} />
            </ActionIcon>
            <ActionIcon aria-label={t("zoom_in")} onClick={() => zoom.current?.(1.25)}>
              <IconPlus size={16} />
            </ActionIcon>
            <ActionIcon aria-label={t("zoom_fit")} onClick={() => zoom.current?.(0)}>
              <IconMaximize size={16} />
            </ActionIcon>
          </>
        )}
      </MapBar>
      {failed && <Hint>{t("map_failed")}</Hint>}
      {view === "map" ? (
        <MapFrame>
          <Suspense fallback={<Bone height={240} />}>
            <Canvas
              xml={xml}
              sights={sights}
              wordsOf={short}
              selected={selected}
              onSelect={onSelect}
              onFailed={() => setFailed(true)}
              zoomRef={zoom}
            />
          </Suspense>
        </MapFrame>
      ) : (
        <Steps
          drawing={drawing}
          sights={sights}
          words={(element) => words(element, true)}
          selected={selected}
          action={stepAction}
        />
      )}
    </section>
  );
}

function Steps({
  drawing,
  sights,
  words,
  selected,
  action,
}: {
  drawing: Drawing | undefined;
  sights: Sights;
  words(element: string): string;
  selected?: string;
  action?: { label: string; run(element: string): void };
}) {
  const { t } = useTranslation("processes");
  const steps = drawing ? stepsOf(drawing) : [];
  // What the version has no element for is listed too.
  const gone = [...sights.keys()].filter((element) => drawing && !drawing.nodes.has(element));
  if (steps.length === 0 && gone.length === 0) return <Hint>{t("no_steps")}</Hint>;
  return (
    <StepList>
      {steps.map((node) => (
        <Step
          key={node.id}
          id={node.id}
          name={node.name || t("nameless")}
          kind={t(`kind_${node.kind}`)}
          state={sights.get(node.id)?.state}
          words={words(node.id)}
          message={sights.get(node.id)?.message}
          selected={node.id === selected}
          choose={
            action && (
              <Button variant="subtle" color="gray" size="compact-sm" onClick={() => action.run(node.id)}>
                {action.label}
              </Button>
            )
          }
        />
      ))}
      {gone.map((element) => (
        <Step
          key={element}
          id={element}
          name={element}
          kind={t("gone")}
          state={sights.get(element)?.state}
          words={words(element)}
          message={sights.get(element)?.message}
          selected={element === selected}
        />
      ))}
    </StepList>
  );
}
