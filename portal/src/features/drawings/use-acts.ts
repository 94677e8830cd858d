/** What is done with a drawing as a whole: published, put aside for another, mended by the server, brought back. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type Dispatch, type RefObject, type SetStateAction, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Drawing, type DrawingProblem, fixDrawing, publishDrawing, saveDrawing } from "@/api/drawings";
import { ApiError } from "@/api/problem";
import type { Designer } from "@/engines/designer/designer";
import { toast, toastError } from "@/ui/toast";
import type { Autosave } from "./autosave";
import { afterRefusal } from "./model";

interface Open {
  drawing: Drawing;
  designer: Designer | undefined;
  autosave: RefObject<Autosave | undefined>;
}

/** What was not saved becomes a revision beside the current one; by itself when another took the drawing. */
export function useAside(
  { drawing, designer, autosave }: Open,
  gone: boolean,
  onAside: (revision: number | undefined, gone: boolean) => void,
) {
  const { t } = useTranslation("drawings");
  const aside = useMutation({
    mutationFn: async () => {
      const saving = autosave.current;
      if (!designer || !saving?.dirty) return undefined;
      const answer = await saveDrawing(drawing.id, await designer.xml(), saving.revision, true);
      await saving.settle();
      return answer.revision;
    },
    onSuccess: (revision) => onAside(revision, gone),
    onError: (error) => {
      toastError(error, t("aside_failed"));
      if (gone) onAside(undefined, true);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when somebody else takes it
  useEffect(() => {
    if (gone && designer) aside.mutate();
  }, [gone, designer]);
  return aside;
}

interface Publishing {
  setProblems: Dispatch<SetStateAction<DrawingProblem[]>>;
  /** `move`: instances of older versions are to be brought over. */
  onPublished(made: { key: string; version: number }, move: boolean): void;
  /** Elements are named; their problems are in the list. */
  onRefused(): void;
}

/** Saves what is not saved, then publishes exactly that. */
export function usePublishing(
  { drawing, autosave }: Open,
  { setProblems, onPublished, onRefused }: Publishing,
) {
  const { t } = useTranslation("drawings");
  const navigate = useNavigate();
  const [published, setPublished] = useState(drawing.definition);
  const publish = useMutation({
    mutationFn: async ({ note }: { note: string; move: boolean }) => {
      const saving = autosave.current;
      if (!saving || !(await saving.flush())) throw new Error(t("publish_unsaved"));
      return publishDrawing(drawing.id, saving.revision, note);
    },
    onSuccess: ({ id, key, version }, { move }) => {
      setPublished({ id, key, version });
      onPublished({ key, version }, move);
      const run = () => void navigate({ to: "/processes/$key", params: { key } });
      toast({
        message: t("published", { version }),
        kind: "done",
        action: { label: t("open_map"), run },
      });
    },
    onError: (error) => {
      const fields = error instanceof ApiError ? error.problem.fields : undefined;
      if (!fields || Object.keys(fields).length === 0) return;
      setProblems((before) => afterRefusal(before, fields));
      onRefused();
    },
  });
  return { publish, published };
}

/** A problem that a button mends: in the drawing where we can, so that it can be undone, else by the server. */
export async function mend(
  { drawing, designer, autosave }: Open,
  problem: DrawingProblem,
  onReload: () => Promise<void>,
): Promise<void> {
  const process = designer?.process();
  if (designer && process && problem.fix === "make_executable") {
    const root = designer.get("canvas").getRootElement();
    designer.updatePart(root, process, { isExecutable: true });
    return;
  }
  try {
    const saving = autosave.current;
    if (!saving || !problem.fix || !(await saving.flush())) return;
    await fixDrawing(drawing.id, problem.fix, problem.element, saving.revision);
    await onReload();
  } catch (error) {
    toastError(error);
  }
}
