/** What a drawing is apart from its file: its title follows the process's name, and what it is drawn for. */
import { Button, Select } from "@mantine/core";
import { IconColumns2 } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import {
  changeDrawing,
  type Drawing,
  type DrawingKind,
  drawingOneQuery,
  drawingsQuery,
} from "@/api/drawings";
import { PanelPart } from "@/ui/designer-panel";
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
    <PanelPart
      name="drawing"
      title={t("part_drawing")}
      hint={
        data.definition && data.kind === "draft"
          ? t("drawing_out_hint", { version: data.definition.version })
          : t(`drawing_${data.kind}_hint`)
      }
    >
      <Select
        aria-label={t("part_drawing")}
        allowDeselect={false}
        data={kinds.map((kind) => ({ value: kind, label: t(`drawing_${kind}`) }))}
        value={data.kind}
        onChange={(kind) =>
          void changeDrawing(drawing.id, { kind: kind as DrawingKind }).catch((error) => toastError(error))
        }
      />
      <Pair drawing={data} />
    </PanelPart>
  );
}

/** Its pair, tied from both sides, and the way to see them side by side. */
function Pair({ drawing }: { drawing: Drawing }) {
  const { t } = useTranslation(["drawings", "processes", "fields"]);
  const drawings = useInfiniteQuery(drawingsQuery);
  const pair = useQuery({ ...drawingOneQuery(drawing.pair ?? ""), enabled: drawing.pair !== undefined });
  const others =
    drawings.data?.pages.flatMap(({ items }) => items).filter(({ id }) => id !== drawing.id) ?? [];
  // Among the newest or not: the one that is chosen has a name.
  const listed = pair.data && !others.some(({ id }) => id === pair.data.id) ? [pair.data, ...others] : others;
  return (
    <>
      <Select
        label={t("drawings:pair")}
        description={t("drawings:pair_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder={t("drawings:pair_none")}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        limit={100}
        data={listed.map(({ id, title, kind }) => ({
          value: id,
          label: `${title} · ${t(`processes:drawing_${kind}`)}`,
        }))}
        value={drawing.pair ?? null}
        onChange={(id) =>
          void changeDrawing(drawing.id, { pair: id }).catch((error: unknown) => toastError(error))
        }
      />
      <div>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconColumns2 size={14} />}
          renderRoot={(props) => (
            <Link to="/processes/drawings/$id/compare" params={{ id: drawing.id }} {...props} />
          )}
        >
          {t("drawings:compare")}
        </Button>
      </div>
    </>
  );
}
