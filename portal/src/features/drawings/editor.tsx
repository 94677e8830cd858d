/** The designer's page: steps, drawing, panel; saving, problems, publishing. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDots,
  IconDownload,
  IconHistory,
  IconLayoutSidebar,
  IconRoute,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type DrawingProblem, drawingOneQuery, saveDrawing } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import { useMe } from "@/api/session";
import type { Words } from "@/engines/designer/modules";
import { CanvasNote, DesignerFrame } from "@/ui/designer";
import { IconText, PageHeader } from "@/ui/page";
import { Bone, EmptyState } from "@/ui/states";
import { Hint } from "@/ui/work";
import { ConflictDialog, PublishDialog } from "./dialogs";
import { Differences } from "./differences";
import { DrawingPart } from "./drawing-part";
import { partOf, troublesOf } from "./model";
import { CanvasButtons, DrawingPalette } from "./palette";
import { DesignerPanel } from "./panel";
import { Problems } from "./problems";
import { Revisions } from "./revisions";
import { Saving } from "./saving";
import { Steps } from "./steps-pane";
import { mend, useAside, usePublishing } from "./use-acts";
import { type Opened, useEditor } from "./use-editor";
import { useElementNames } from "./words";

const Canvas = lazy(() => import("@/engines/designer/canvas"));

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
  const list = useRef<HTMLElement>(null);
  const words = useCanvasWords();
  const troubles = useMemo(() => troublesOf(shown, tried), [shown, tried]);
  const changes = designer?.changes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn anew has no marks
  useEffect(() => designer?.mark(troubles), [designer, troubles, changes]);
  useEffect(() => {
    if (save.at === "conflict") setAsking("conflict");
  }, [save.at]);

  const gone = taken || save.at === "taken";
  const open = { drawing, designer, autosave };
  const aside = useAside(open, gone, onAside);
  const { publish, published } = usePublishing(open, {
    setProblems: editor.setProblems,
    onPublished: () => {
      setAsking(undefined);
      setTried(false);
    },
    onRefused: () => {
      setAsking(undefined);
      setTried(true);
      setListed(true);
      setRefusals((count) => count + 1);
    },
  });
  useEffect(() => {
    if (refusals > 0) list.current?.focus();
  }, [refusals]);

  const toName = useCallback(() => setLed({ part: "name" }), []);
  const go = useCallback(
    (problem: DrawingProblem) => {
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
      <PageHeader
        icon={<IconRoute size={18} />}
        title={now.title}
        actions={
          <>
            <Saving state={save} onDecide={() => setAsking("conflict")} />
            {shown.length > 0 && (
              <Button variant="default" aria-expanded={listed} onClick={() => setListed(!listed)}>
                <IconText icon={<IconAlertTriangle size={16} aria-hidden />}>
                  {t("drawings:problems_count", { count: shown.length })}
                </IconText>
              </Button>
            )}
            <More
              steps={steps}
              onSteps={() => setSteps(!steps)}
              onRevisions={() => setAsking("revisions")}
              onDownload={() => designer && void download(designer.xml(), drawing.title)}
            />
            <Button
              disabled={!designer}
              onClick={() => {
                publish.reset();
                setAsking("publish");
              }}
            >
              {t("drawings:publish")}
            </Button>
          </>
        }
      />
      <DesignerFrame
        steps={
          designer && steps ? (
            <Steps designer={designer} everything={everything} troubles={troubles} onAdded={toName} />
          ) : undefined
        }
        panel={
          designer ? (
            <DesignerPanel
              designer={designer}
              everything={everything}
              led={led}
              about={(name) => <DrawingPart drawing={drawing} name={name} />}
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
          onPublish={(note) => publish.mutate(note)}
          onClose={() => setAsking(undefined)}
        />
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

function More({
  steps,
  onSteps,
  onRevisions,
  onDownload,
}: {
  steps: boolean;
  onSteps(): void;
  onRevisions(): void;
  onDownload(): void;
}) {
  const { t } = useTranslation("drawings");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("more")}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLayoutSidebar size={16} />} onClick={onSteps}>
          {t(steps ? "steps_hide" : "steps_show")}
        </Menu.Item>
        <Menu.Item leftSection={<IconHistory size={16} />} onClick={onRevisions}>
          {t("revisions")}
        </Menu.Item>
        <Menu.Item leftSection={<IconDownload size={16} />} onClick={onDownload}>
          {t("download")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export async function download(file: Promise<string>, title: string): Promise<void> {
  const address = URL.createObjectURL(new Blob([await file], { type: "application/xml" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${
    title
      .replace(/[\\/:*?"<>|]+/g, " ")
      .slice(0, 100)
      .trim() || "process"
  }.bpmn`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function useCanvasWords(): Words {
  const { t, i18n } = useTranslation("drawings");
  return useMemo(
    () => ({
      pad: (name) => t(`pad_${name}`),
      translate: (text) => {
        const key = `js_${text.toLowerCase().replace(/[^a-z]+/g, "_")}`;
        return i18n.exists(key, { ns: "drawings" }) ? t(key as "js_search_in_diagram") : text;
      },
      nameOf: (kind) => (kind === "step" ? t("new_step") : ""),
    }),
    [t, i18n],
  );
}
