/** Notes in the designer: of the chosen element in its panel, and how many an element has on the drawing. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { notesQuery } from "@/api/drawings";
import type { Id } from "@/api/types";
import type { Designer } from "@/engines/designer/designer";
import { PanelPart } from "@/ui/designer-panel";
import { NewNote, Notes } from "./notes";

interface Props {
  drawing: Id;
  element: string | undefined;
  nameOf(element: string): string;
  onGo(element: string): void;
}

export function NotesPart({ drawing, element, nameOf, onGo }: Props) {
  const { t } = useTranslation("drawings");
  return (
    <PanelPart name="notes" title={t("notes")} hint={element && t("notes_hint")}>
      <Notes key={element ?? ""} drawing={drawing} element={element} nameOf={nameOf} onGo={onGo} />
      {element && <NewNote key={`new ${element}`} drawing={drawing} element={element} />}
    </PanelPart>
  );
}

/** Where notes are, as a number at the element. */
export function useNoteMarks(drawing: Id, designer: Designer | undefined): void {
  const { t } = useTranslation("drawings");
  const { data } = useQuery(notesQuery(drawing));
  const counts = useMemo(() => {
    const found = new Map<string, { count: number; words: string }>();
    for (const { element } of data ?? []) {
      const count = (found.get(element)?.count ?? 0) + 1;
      found.set(element, { count, words: t("notes_at", { count }) });
    }
    return found;
  }, [data, t]);
  const changes = designer?.changes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn anew has no marks
  useEffect(() => designer?.marks.notes(counts), [designer, counts, changes]);
}
