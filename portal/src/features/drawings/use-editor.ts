/** A drawing open for editing: the designer, how its saving stands, its problems. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { type Drawing, type DrawingProblem, type Saved, saveDrawing } from "@/api/drawings";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { Designer } from "@/engines/designer/designer";
import { Autosave, type SaveState } from "./autosave";
import { keepDrawing } from "./kept";
import { shownProblems } from "./model";

export interface Opened {
  drawing: Drawing;
  xml: string;
  /** What the file was changed from. */
  revision: number;
  /** It was kept in this browser, and the server has not seen it. */
  unsaved: boolean;
}

export function useEditor({ drawing, revision, unsaved }: Opened, person: string) {
  const [designer, setDesigner] = useState<Designer>();
  const [save, setSave] = useState<SaveState>({ at: "saved" });
  const [problems, setProblems] = useState<DrawingProblem[]>(drawing.problems);
  const [lost, setLost] = useState<Saved["lost"]>([]);
  const autosave = useRef<Autosave>(undefined);
  useSyncExternalStore(designer?.subscribe ?? never, () => designer?.version ?? 0);

  const ready = useCallback(
    (made: Designer) => {
      const saving = new Autosave(revision, {
        write: () => made.xml(),
        send: (xml, from) => saveDrawing(drawing.id, xml, from),
        keep: (xml, from) =>
          keepDrawing(
            person,
            drawing.id,
            xml === null ? null : { xml, revision: from, at: new Date().toISOString() },
          ),
        told: setSave,
        saved: (answer) => {
          setProblems(answer.problems);
          if (answer.lost.length > 0) setLost(answer.lost);
          queryClient.setQueryData(
            keys.drawingOne(drawing.id),
            (before: Drawing | undefined) => before && { ...before, ...answer },
          );
        },
      });
      autosave.current = saving;
      let seen = made.changes;
      made.subscribe(() => {
        if (made.changes === seen) return;
        seen = made.changes;
        saving.changed();
      });
      if (unsaved) saving.changed();
      setDesigner(made);
    },
    [drawing.id, person, revision, unsaved],
  );

  useEffect(() => {
    const online = () => void autosave.current?.flush();
    const leaving = () => autosave.current?.keepNow();
    window.addEventListener("online", online);
    window.addEventListener("pagehide", leaving);
    document.addEventListener("visibilitychange", leaving);
    return () => {
      window.removeEventListener("online", online);
      window.removeEventListener("pagehide", leaving);
      document.removeEventListener("visibilitychange", leaving);
      // What is left goes on its way; it is in the browser in any case.
      void autosave.current?.flush();
      autosave.current?.stop();
    };
  }, []);

  const { shown, selected } = useShown(problems, designer);
  return { designer, ready, save, problems, shown, setProblems, lost, setLost, autosave, selected };
}

const never = () => () => undefined;

/** Problems without the new ones of the element somebody is at. */
function useShown(problems: DrawingProblem[], designer: Designer | undefined) {
  const selected = designer?.selected();
  const id = selected?.parent ? selected.id : undefined;
  const before = useRef<{ id: string | undefined; problems: DrawingProblem[] }>({ id, problems });
  if (before.current.id !== id) before.current = { id, problems };
  return { shown: shownProblems(problems, before.current.problems, id), selected: id };
}
