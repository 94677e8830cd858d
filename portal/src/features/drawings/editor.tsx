/** The designer's page: steps, drawing, panel; saving, problems, publishing. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DrawingProblem, drawingOneQuery, saveDrawing } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import { useMe } from "@/api/session";
import { withMessageTexts } from "@/i18n";
import { CanvasNote, DesignerFrame } from "@/ui/designer";
import { Bone, EmptyState } from "@/ui/states";
import { useOnce } from "@/ui/use-once";
import { Hint } from "@/ui/work";
import { ConflictDialog } from "./conflict";
import { Differences } from "./differences";
import { download } from "./download";
import { DrawingPart } from "./drawing-part";
import { EditorHead } from "./editor-head";
import { afterRefusal, partOf, troublesOf } from "./model";
import { NotesPart, useNoteMarks } from "./notes-part";
import { CanvasButtons, DrawingPalette } from "./palette";
import { DesignerPanel } from "./panel";
import { Problems } from "./problems";
import { PublishDialog } from "./publish";
import { Revisions } from "./revisions";
import { Steps } from "./steps-pane";
import { mend, useAside, usePublishing } from "./use-acts";
import { type Opened, useEditor } from "./use-editor";
import { useCanvasWords, useElementNames } from "./words";

const Canvas = lazy(() => import("@/engines/designer/canvas"));
const DryRunPanel = lazy(() => import("./dry-run"));
const MigrationWizard = lazy(() => withMessageTexts(() => import("@/engines/migration/wizard")));

interface Props {
  opened: Opened;
  /** Another has it now. */
  taken: boolean;
  /** Opens what the server has. */
  onReload(): Promise<void>;
  /** What was not saved is a revision aside; `gone`: another has the drawing. */
  onAside(revision: number | undefined, gone: boolean): void;
}

type Asking = "publish" | "revisions" | "conflict" | undefined;
const everythingAt = "verstak.designer.everything";

export default function Editor({ opened, taken, onReload, onAside }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const me = useMe();
  const { drawing } = opened;
  const { data: now = drawing } = useQuery({
    ...drawingOneQuery(drawing.id),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const editor = useEditor(opened, me.user.id);
  const { designer, save, autosave } = editor;
  const nameOf = useElementNames(designer);
  const [tried, setTried] = useState(false);
  const [refusals, setRefusals] = useState(0);
  // What kept a publication back is said wherever somebody is.
  const shown = tried ? editor.problems : editor.shown;
  const [asking, setAsking] = useState<Asking>();
  const [steps, setSteps] = useState(() => window.innerWidth >= 1200);
  const [everything, setEverything] = useState(() => localStorage.getItem(everythingAt) === "yes");
  const [listed, setListed] = useState(false);
  const [led, setLed] = useState<{ part: string }>();
  const [failed, setFailed] = useState(false);
  const [moving, setMoving] = useState<{ key: string; version: number }>();
  const [trying, setTrying] = useState(false);
  const list = useRef<HTMLElement>(null);
  const words = useCanvasWords();
  const troubles = useMemo(() => troublesOf(shown, tried), [shown, tried]);
  const changes = designer?.changes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn anew has no marks
  useEffect(() => designer?.marks.troubles(troubles), [designer, troubles, changes]);
  useNoteMarks(drawing.id, designer);
  useEffect(() => {
    if (save.at === "conflict") setAsking("conflict");
  }, [save.at]);

  const refusedThere = () => {
    setTried(true);
    setListed(true);
    setRefusals((count) => count + 1);
  };
  const refused = (fields: Parameters<typeof afterRefusal>[1]) => {
    editor.setProblems((before) => afterRefusal(before, fields));
    refusedThere();
  };
  const gone = taken || save.at === "taken";
  const open = { drawing, designer, autosave };
  const aside = useAside(open, gone, onAside);
  const { publish, published } = usePublishing(open, {
    setProblems: editor.setProblems,
    onPublished: (made, move) => {
      setAsking(undefined);
      setTried(false);
      if (move) setMoving(made);
    },
    onRefused: () => {
      setAsking(undefined);
      refusedThere();
    },
  });
  useEffect(() => {
    if (refusals > 0) list.current?.focus();
  }, [refusals]);

  const send = useOnce(publish.mutateAsync);
  const toElement = (element: string) => designer?.select(element, true);
  const toName = useCallback(() => {
    setTrying(false);
    setLed({ part: "name" });
  }, []);
  const go = useCallback(
    (problem: DrawingProblem) => {
      setTrying(false);
      designer?.select(problem.element ?? undefined, true);
      setLed({ part: partOf(problem) });
    },
    [designer],
  );
  const restore = async (xml: string) => {
    const saving = autosave.current;
    if (!saving || !(await saving.flush())) throw new Error(t("drawings:publish_unsaved"));
    await saveDrawing(drawing.id, xml, saving.revision);
    await onReload();
  };

  if (failed) {
    const keep = () => void download(Promise.resolve(opened.xml), drawing.title);
    return (
      <EmptyState
        title={t("drawings:open_failed")}
        action={<Button onClick={keep}>{t("drawings:download")}</Button>}
      >
        {t("drawings:open_failed_text")}
      </EmptyState>
    );
  }
  return (
    <>
      <EditorHead
        title={now.title}
        ready={designer !== undefined}
        save={save}
        onDecide={() => setAsking("conflict")}
        problems={shown.length}
        listed={listed}
        onProblems={() => setListed(!listed)}
        trying={trying}
        onTry={() => {
          // Where a problem had led to is over.
          setLed(undefined);
          setTrying(!trying);
        }}
        onPublish={() => {
          publish.reset();
          setAsking("publish");
        }}
        more={{
          steps,
          onSteps: () => setSteps(!steps),
          onRevisions: () => setAsking("revisions"),
          onDownload: () => designer && void download(designer.xml(), drawing.title),
        }}
      />
      <DesignerFrame
        steps={
          designer && steps ? (
            <Steps designer={designer} everything={everything} troubles={troubles} onAdded={toName} />
          ) : undefined
        }
        panel={
          designer && trying ? (
            <Suspense fallback={<Bone height={240} />}>
              <DryRunPanel
                id={drawing.id}
                designer={designer}
                autosave={autosave}
                nameOf={nameOf}
                onRefused={refused}
                onClose={() => setTrying(false)}
              />
            </Suspense>
          ) : designer ? (
            <DesignerPanel
              designer={designer}
              everything={everything}
              led={led}
              about={(name) => <DrawingPart drawing={drawing} name={name} />}
              notes={(element) => (
                <NotesPart drawing={drawing.id} element={element} nameOf={nameOf} onGo={toElement} />
              )}
            />
          ) : (
            <Bone height={240} />
          )
        }
      >
        <Suspense fallback={<Bone height={320} />}>
          <Canvas
            xml={opened.xml}
            label={t("drawings:drawing_of", { title: drawing.title })}
            words={words}
            onReady={editor.ready}
            onFailed={() => setFailed(true)}
            onReplace={() => setLed({ part: "kind" })}
            onAdded={toName}
          />
        </Suspense>
        {designer && (
          <>
            <DrawingPalette
              designer={designer}
              everything={everything}
              onAdded={toName}
              onEverything={(on) => {
                localStorage.setItem(everythingAt, on ? "yes" : "no");
                setEverything(on);
              }}
            />
            <CanvasButtons designer={designer} />
          </>
        )}
        {editor.lost.length > 0 && (
          <CanvasNote>
            {t("drawings:lost", {
              what: [...new Set(editor.lost.map(({ name }) => name))].slice(0, 8).join(", "),
            })}{" "}
            <Button variant="subtle" size="compact-xs" onClick={() => setAsking("revisions")}>
              {t("drawings:revisions")}
            </Button>
            <Button variant="subtle" size="compact-xs" color="gray" onClick={() => editor.setLost([])}>
              {t("common:close")}
            </Button>
          </CanvasNote>
        )}
        {designer && listed && shown.length > 0 && (
          <Problems
            ref={list}
            problems={shown}
            tried={tried}
            nameOf={nameOf}
            onGo={go}
            onFix={(problem) => void mend(open, problem, onReload)}
          />
        )}
      </DesignerFrame>
      {asking === "publish" && (
        <PublishDialog
          title={now.title}
          warnings={shown.length}
          pending={publish.isPending}
          problem={publish.error ? messageOf(publish.error, t("common:network")) : undefined}
          differences={
            published && save.at === "saved" && autosave.current ? (
              <>
                <Hint>{t("drawings:publish_differs", { version: published.version })}</Hint>
                <Differences
                  from={{ definition: published.key, version: published.version }}
                  to={{ drawing: drawing.id, revision: autosave.current.revision }}
                  nameOf={nameOf}
                />
              </>
            ) : undefined
          }
          definition={published?.key}
          onPublish={(note, move) => send({ note, move })}
          onClose={() => setAsking(undefined)}
        />
      )}
      {moving && (
        <Suspense>
          <MigrationWizard
            definition={moving.key}
            version={moving.version}
            onClose={() => setMoving(undefined)}
          />
        </Suspense>
      )}
      {asking === "revisions" && (
        <Revisions
          id={drawing.id}
          current={autosave.current?.revision ?? drawing.revision}
          nameOf={nameOf}
          onRestore={restore}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking === "conflict" && save.at === "conflict" && (
        <ConflictDialog
          pending={aside.isPending}
          problem={aside.error ? messageOf(aside.error, t("common:network")) : undefined}
          onMine={() => {
            setAsking(undefined);
            if (save.revision !== undefined) void autosave.current?.goOn(save.revision);
          }}
          onTheirs={() => aside.mutate()}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  );
}
