/** What a drawing is apart from its file: its title follows the process's name, and what it is drawn for. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { changeDrawing, type Drawing, type DrawingKind, drawingOneQuery } from "@/api/drawings";
import { PanelPart } from "@/ui/designer";
import { toastError } from "@/ui/toast";

const kinds: DrawingKind[] = ["draft", "as_is", "to_be"];

/** `name`: of the process, as the file has it now. */
export function DrawingPart({ drawing, name }: { drawing: Drawing; name: string }) {
  const { t } = useTranslation("drawings");
  const { data = drawing } = useQuery({ ...drawingOneQuery(drawing.id), initialData: drawing });
  const before = useRef(name);
  useEffect(() => {
    if (before.current === name) return;
    before.current = name;
    if (name) void changeDrawing(drawing.id, { title: name }).catch((error) => toastError(error));
  }, [drawing.id, name]);
  return (
    <PanelPart name="drawing" title={t("part_drawing")} hint={t(`drawing_${data.kind}_hint`)}>
      <Select
        aria-label={t("part_drawing")}
        allowDeselect={false}
        data={kinds.map((kind) => ({ value: kind, label: t(`drawing_${kind}`) }))}
        value={data.kind}
        onChange={(kind) =>
          void changeDrawing(drawing.id, { kind: kind as DrawingKind }).catch((error) => toastError(error))
        }
      />
    </PanelPart>
  );
}
