/** Won and lost at the bottom of the board while a card is dragged. */
import { dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Stage } from "@/api/types";
import { DropArea, DropZone } from "@/ui/board";
import { StageName } from "@/ui/value";

export function DropBar({ stages }: { stages: Stage[] }) {
  return (
    <DropArea>
      {stages.map((stage) => (
        <Zone key={stage.key} stage={stage} />
      ))}
    </DropArea>
  );
}

function Zone({ stage }: { stage: Stage }) {
  const { t } = useTranslation("board");
  const element = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    return dropTargetForElements({
      element: node,
      getData: () => ({ stage: stage.key }),
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
    });
  }, [stage.key]);
  return (
    <DropZone
      ref={element}
      testId={`board-drop-${stage.key}`}
      over={over}
      semantic={stage.semantic}
      label={t("drop_here", { stage: stage.name })}
    >
      <StageName name={stage.name} color={stage.color} semantic={stage.semantic} />
    </DropZone>
  );
}
