/**
 * Two drawings that are compared: beside one another and moved together; on a narrow screen one under another, each as a
 * list of steps first.
 */
import { ActionIcon, Switch } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { MapBar, MapFrame, MapPair, MapSide } from "@/ui/route-map";
import { Bone } from "@/ui/states";
import { Hint } from "@/ui/work";
import { RouteMap, useWords } from "./route-map";
import type { Sights } from "./states";
import { ViewSync } from "./sync";

const Canvas = lazy(() => import("./canvas"));

export interface SideOf {
  title: string;
  xml: string;
  /** Whether it has a picture. */
  drawn: boolean;
  sights: Sights;
  /** Of those, what a list of steps shows. */
  steps: Sights;
  selected?: string;
}

interface Props {
  sides: [SideOf, SideOf];
  together: string;
  onSelect(element: string, side: 0 | 1): void;
}

export function SideBySide({ sides, together, onSelect }: Props) {
  const { t } = useTranslation("processes");
  const narrow = useMediaQuery("(max-width: 899px)", false, { getInitialValueInEffect: false }) ?? false;
  const sync = useMemo(() => new ViewSync(), []);
  const [joined, setJoined] = useState(true);
  sync.together = joined;
  const zooms = [useRef<((by: number) => void) | null>(null), useRef<((by: number) => void) | null>(null)];
  const zoom = (by: number) => {
    zooms[1]?.current?.(by);
    if (!joined) zooms[0]?.current?.(by);
  };
  const drawn = !narrow && sides.every((side) => side.drawn);
  return (
    <>
      {drawn && (
        <MapBar>
          <ActionIcon aria-label={t("zoom_out")} onClick={() => zoom(0.8)}>
            <IconMinus size={16} />
          </ActionIcon>
          <ActionIcon aria-label={t("zoom_in")} onClick={() => zoom(1.25)}>
            <IconPlus size={16} />
          </ActionIcon>
          <ActionIcon aria-label={t("zoom_fit")} onClick={() => zoom(0)}>
            <IconMaximize size={16} />
          </ActionIcon>
          <Switch
            size="xs"
            label={together}
            checked={joined}
            onChange={(event) => setJoined(event.currentTarget.checked)}
          />
        </MapBar>
      )}
      <MapPair>
        {sides.map((side, index) => (
          <MapSide key={index} title={side.title}>
            {drawn ? (
              <Drawn
                side={side}
                sync={sync}
                zoomRef={zooms[index] ?? zooms[0]}
                onSelect={(element) => onSelect(element, index === 0 ? 0 : 1)}
              />
            ) : (
              <RouteMap xml={side.xml} label={side.title} sights={side.steps} selected={side.selected} />
            )}
          </MapSide>
        ))}
      </MapPair>
    </>
  );
}

function Drawn({
  side,
  sync,
  zoomRef,
  onSelect,
}: {
  side: SideOf;
  sync: ViewSync;
  zoomRef: React.RefObject<((by: number) => void) | null> | undefined;
  onSelect(element: string): void;
}) {
  const { t } = useTranslation("processes");
  const [failed, setFailed] = useState(false);
  const own = useRef<((by: number) => void) | null>(null);
  const words = useWords(side.sights, undefined);
  const short = useCallback((element: string) => words(element, false), [words]);
  if (failed) return <Hint>{t("map_failed")}</Hint>;
  return (
    <MapFrame>
      <Suspense fallback={<Bone height={240} />}>
        <Canvas
          xml={side.xml}
          sights={side.sights}
          wordsOf={short}
          selected={side.selected}
          onSelect={onSelect}
          onFailed={() => setFailed(true)}
          zoomRef={zoomRef ?? own}
          sync={sync}
        />
      </Suspense>
    </MapFrame>
  );
}
