/** What can be drawn: pressed or dragged onto the drawing; by keys it goes after the chosen step. */
import { ActionIcon, Switch, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Designer } from "@/engines/designer/designer";
import { common, following, type Kind, rare } from "@/engines/designer/kinds";
import { isA } from "@/engines/designer/moddle";
import { CanvasTools, Palette, PaletteFoot, PaletteItem } from "@/ui/designer";
import { useShortcuts } from "@/ui/shortcuts";
import { KindIcon } from "./icons";
import { newName } from "./steps-pane";

interface Props {
  designer: Designer;
  everything: boolean;
  onEverything(on: boolean): void;
  /** A new step waits for its name. */
  onAdded(): void;
}

export function DrawingPalette({ designer, everything, onEverything, onAdded }: Props) {
  const { t } = useTranslation("drawings");
  const put = (kind: Kind, event: React.MouseEvent) => {
    const at = designer.selected();
    const goesOn = isA(at.businessObject, "bpmn:FlowNode") && !isA(at.businessObject, "bpmn:EndEvent");
    // A press by a key has no place of its own.
    const byKey = event.detail === 0;
    if (byKey && goesOn && following(everything).includes(kind)) {
      designer.addAfter(at, kind, newName(kind, t("new_step")));
      onAdded();
    } else designer.place(kind, event.nativeEvent);
  };
  return (
    <Palette label={t("palette")}>
      {(everything ? [...common, ...rare] : common).map((kind) => (
        <PaletteItem
          key={kind}
          label={t(`kind_${kind}`)}
          icon={<KindIcon kind={kind} />}
          onPress={(event) => put(kind, event)}
          onDrag={(event) => designer.place(kind, event.nativeEvent)}
        />
      ))}
      <PaletteFoot>
        <Switch
          size="xs"
          label={t("everything")}
          checked={everything}
          onChange={(event) => onEverything(event.currentTarget.checked)}
        />
      </PaletteFoot>
    </Palette>
  );
}

export function CanvasButtons({ designer }: { designer: Designer }) {
  const { t } = useTranslation(["drawings", "processes"]);
  useShortcuts([
    { key: "z", code: "KeyZ", mod: true, run: () => designer.undo() },
    { key: "y", code: "KeyY", mod: true, run: () => designer.redo() },
  ]);
  const button = (label: string, icon: React.ReactNode, run: () => void, off = false) => (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={run} disabled={off}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  return (
    <CanvasTools>
      {button(t("drawings:undo"), <IconArrowBackUp size={16} />, () => designer.undo(), !designer.canUndo)}
      {button(t("drawings:redo"), <IconArrowForwardUp size={16} />, () => designer.redo(), !designer.canRedo)}
      {button(t("processes:zoom_out"), <IconMinus size={16} />, () => designer.zoom(0.8))}
      {button(t("processes:zoom_in"), <IconPlus size={16} />, () => designer.zoom(1.25))}
      {button(t("processes:zoom_fit"), <IconMaximize size={16} />, () => designer.zoom(0))}
    </CanvasTools>
  );
}
