/** A page of a plugin: its tree, drawn. Each block stands on its own; what one of them meets, the others do not. */
import { ActionIcon, Button, Tabs } from "@mantine/core";
import { IconArrowLeft, IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import {
  type ComponentType,
  type LazyExoticComponent,
  lazy,
  Suspense,
  use,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { formatNumber, formatTime } from "@/i18n/format";
import { Block, Buttons } from "@/ui/block";
import { BlockColumns, BlockGrid, BlockSkeleton, BlockStack, FailureCard } from "@/ui/block-frame";
import { usePhone } from "@/ui/use-phone";
import { ActionButtons, ActionsHost, useActions } from "./actions";
import { blockProblem, isKnown, type Refusal, treeRefusal } from "./check";
import { PageContext, ScopeContext, useEnvironment, usePage, useSay } from "./context";
import { isTrue, plain } from "./environment";
import { Boundary, Gate, Unsaid } from "./gate";
import { settle } from "./known";
import { most } from "./limits";
import { type PageSetup, PageStore } from "./page-store";
import { problemOf } from "./sources";
import type {
  Action,
  ActionsBlock,
  AnyBlock,
  BlockOf,
  ColumnsBlock,
  Kind,
  KnownBlock,
  RenderedBlock,
  RepeatBlock,
  SectionBlock,
  SplitBlock,
  TabsBlock,
} from "./tree";
import type { RenderAnswer } from "./wire";

export function BlockPage(setup: PageSetup) {
  const refusal = useMemo(() => treeRefusal(setup.tree), [setup.tree]);
  return refusal ? <Refused refusal={refusal} who={setup.pluginTitle} /> : <Opened {...setup} />;
}

/** What is too large or no page at all is refused with words rather than drawn. */
function Refused({ refusal, who }: { refusal: Refusal; who: string }) {
  const { t } = useTranslation("blocks");
  const { key, size = 0, most: limit = 0, what = "tree" } = refusal;
  const text =
    key === "too_large"
      ? t(what === "state" ? "refused_state" : "refused_size", { size, most: limit })
      : key === "too_many"
        ? t("refused_blocks", { size, most: limit })
        : key === "too_deep"
          ? t("refused_depth", { most: limit })
          : t("refused_tree");
  return <FailureCard title={t("failed", { who })} text={text} />;
}

function Opened(setup: PageSetup) {
  // The surface and what it stands on make a page; everything else may change under it.
  const [page] = useState(() => new PageStore(setup));
  useEffect(() => page.open(), [page]);
  const { tree_hash } = setup;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tree has another hash; the rest is as it was
  useLayoutEffect(() => {
    if (page.setup.tree_hash !== tree_hash) page.adopt(setup);
  }, [page, tree_hash]);
  return (
    <PageContext value={page}>
      <ActionsHost>
        {setup.start ? <Start action={setup.start} /> : <Top blocks={setup.tree.blocks} />}
      </ActionsHost>
    </PageContext>
  );
}

/** Does an action as if it had been pressed. */
function Start({ action }: { action: Action }) {
  const page = usePage();
  const { run } = useActions();
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    const { row, rows } = page.setup.subject ?? {};
    run(action, { row, rows }, () => page.setup.onClose?.());
  }, [action, page, run]);
  return null;
}

function Top({ blocks }: { blocks: AnyBlock[] }) {
  const settled = useMemo(
    () => settle(blocks, (block) => isKnown(block) && isDrawn(block.block as Kind)),
    [blocks],
  );
  useEffect(() => {
    for (const kind of settled.dropped) console.warn(`A page has a block that is not known here: ${kind}`);
  }, [settled]);
  const page = usePage();
  const environment = useEnvironment();
  const silent = settled.blocks.every(
    (block) => block.when !== undefined && !isTrue(block.when, environment),
  );
  const unread = Object.keys(page.setup.tree.sources ?? {}).filter((name) => !page.source(name).rows);
  return (
    <>
      <BlockList blocks={settled.blocks} path="b" />
      {silent && unread.length > 0 && <Unsaid sources={unread} />}
    </>
  );
}

export function BlockList({ blocks, path }: { blocks: AnyBlock[]; path: string }) {
  return (
    <BlockStack>
      {blocks.map((block, index) => (
        <BlockView key={block.id ?? `${block.block} ${index}`} block={block} path={`${path}-${index}`} />
      ))}
    </BlockStack>
  );
}

const later = <P,>(load: () => Promise<{ default: ComponentType<P> }>) => lazy(load);
type Drawer<K extends Kind> =
  | LazyExoticComponent<ComponentType<{ block: BlockOf<K> }>>
  | ComponentType<{ block: BlockOf<K> }>;

const figures = () => import("./small/figures");
const words = () => import("./small/words");

/** How each kind is drawn; each script is loaded with the first block that needs it. */
const drawers: { [K in Kind]?: Drawer<K> } = {
  columns: Columns,
  section: Section,
  tabs: TabSet,
  split: Split,
  repeat: Repeat,
  rendered: Rendered,
  table: later(() => import("./rows/table")),
  board: later(() => import("./rows/board")),
  details: later(() => import("./rows/details")),
  calendar: later(() => import("./calendar/calendar")),
  gantt: later(() => import("./gantt/gantt")),
  tree: later(() => import("./tree-block/tree-view")),
  matrix: later(() => import("./matrix/matrix")),
  chart: later(() => import("./chart/chart")),
  form: later(() => import("./form/form")),
  stats: later(() => figures().then(({ StatsView }) => ({ default: StatsView }))),
  progress: later(() => figures().then(({ ProgressView }) => ({ default: ProgressView }))),
  timer: later(() => figures().then(({ TimerView }) => ({ default: TimerView }))),
  badges: later(() => figures().then(({ BadgesView }) => ({ default: BadgesView }))),
  stages: later(() => figures().then(({ StagesView }) => ({ default: StagesView }))),
  text: later(() => words().then(({ TextView }) => ({ default: TextView }))),
  notice: later(() => words().then(({ NoticeView }) => ({ default: NoticeView }))),
  code: later(() => words().then(({ CodeView }) => ({ default: CodeView }))),
  preview: later(() => words().then(({ PreviewView }) => ({ default: PreviewView }))),
  audio: later(() => words().then(({ AudioView }) => ({ default: AudioView }))),
  timeline: later(() => words().then(({ TimelineView }) => ({ default: TimelineView }))),
  files: later(() => import("./small/files").then(({ FilesView }) => ({ default: FilesView }))),
  frame: later(() => import("./frame/frame")),
  actions: ({ block }: { block: ActionsBlock }) => (
    <Buttons>
      <ActionButtons actions={block.items} />
    </Buttons>
  ),
};

export const isDrawn = (kind: Kind): boolean => drawers[kind] !== undefined;

function BlockView({ block: declared, path }: { block: AnyBlock; path: string }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const phone = usePhone();
  const environment = useEnvironment();
  const replaced = declared.id === undefined ? undefined : page.replaced.get(declared.id);
  const given = replaced ?? declared;
  const block = useMemo(() => ({ ...given, id: given.id ?? path }) as AnyBlock, [given, path]);
  const problem = useMemo(() => (isKnown(block) ? blockProblem(block) : block.block), [block]);
  if (!isTrue(block.when, environment) || (phone && block.phone === "hide")) return null;
  const who = page.setup.pluginTitle;
  const body = problem ? (
    <FailureCard title={t("failed", { who })} text={t("not_right", { at: problem })} />
  ) : (
    <Boundary title={t("failed", { who })} again={t("again")}>
      <Suspense fallback={<BlockSkeleton height={block.height ?? 80} label={t("loading")} />}>
        <Drawn block={block as KnownBlock} />
      </Suspense>
    </Boundary>
  );
  // These have a head of their own.
  if (block.block === "section" || block.block === "timeline") return body;
  const actions = block.actions && <ActionButtons actions={block.actions} />;
  return (
    <Block title={say(block.title) || undefined} note={block.note && say(block.note)} actions={actions}>
      {body}
    </Block>
  );
}

function Drawn({ block }: { block: KnownBlock }) {
  const Drawer = drawers[block.block] as ComponentType<{ block: KnownBlock }> | undefined;
  return Drawer ? <Drawer block={block} /> : null;
}

function Columns({ block }: { block: ColumnsBlock }) {
  return (
    <BlockColumns shares={block.blocks.map(({ width }) => width ?? 1)}>
      {block.blocks.map((inner, index) => (
        <BlockList key={inner.id ?? index} blocks={[inner]} path={`${block.id}-${index}`} />
      ))}
    </BlockColumns>
  );
}

function Section({ block }: { block: SectionBlock }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const phone = usePhone();
  const [folded, setFolded] = useState(block.folded ?? (phone && block.phone === "fold"));
  const title = say(block.title);
  return (
    <Block
      title={title}
      note={block.note && say(block.note)}
      actions={
        <>
          <ActionButtons actions={block.actions} />
          {title && (
            <ActionIcon
              aria-label={t(folded ? "open_what" : "close_what", { what: title })}
              aria-expanded={!folded}
              onClick={() => setFolded(!folded)}
            >
              {folded ? <IconChevronRight size={16} /> : <IconChevronDown size={16} />}
            </ActionIcon>
          )}
        </>
      }
    >
      {folded ? null : <BlockList blocks={block.blocks} path={block.id ?? "s"} />}
    </Block>
  );
}

function TabSet({ block }: { block: TabsBlock }) {
  const page = usePage();
  const say = useSay();
  const environment = useEnvironment();
  const asked = page.params.tab;
  const open = block.tabs.find(({ id }) => id === asked) ?? block.tabs[0];
  return (
    <Tabs
      value={open?.id ?? null}
      onChange={(tab) => page.set({ params: { tab } })}
      keepMounted={false}
      color="accent"
    >
      <Tabs.List mb="md">
        {block.tabs.map((tab) => {
          const count = plain(tab.count, environment);
          return (
            <Tabs.Tab key={tab.id} value={tab.id}>
              {say(tab.title)}
              {typeof count === "number" && ` ${formatNumber(count)}`}
            </Tabs.Tab>
          );
        })}
      </Tabs.List>
      {block.tabs.map((tab) => (
        <Tabs.Panel key={tab.id} value={tab.id}>
          <BlockList blocks={tab.blocks} path={`${block.id}-${tab.id}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

/** A list and what is open of it; on a phone one or the other. */
function Split({ block }: { block: SplitBlock }) {
  const { t } = useTranslation("common");
  const page = usePage();
  const phone = usePhone();
  const open = page.params[block.param];
  const isOpen = open !== undefined && open !== null && open !== "";
  const master = <BlockList blocks={[block.master]} path={`${block.id}-m`} />;
  const detail = <BlockList blocks={block.detail} path={`${block.id}-d`} />;
  if (!phone) {
    return (
      <BlockColumns shares={[2, 3]}>
        {[
          <div key="master">{master}</div>,
          <div key={`detail ${String(open)}`}>{isOpen ? detail : null}</div>,
        ]}
      </BlockColumns>
    );
  }
  if (!isOpen) return master;
  return (
    <>
      <ActionIcon aria-label={t("back")} onClick={() => page.set({ params: { [block.param]: null } })}>
        <IconArrowLeft size={18} />
      </ActionIcon>
      {detail}
    </>
  );
}

function Repeat({ block }: { block: RepeatBlock }) {
  const { t } = useTranslation("blocks");
  const scope = use(ScopeContext);
  const Box = block.layout === "grid" ? BlockGrid : BlockStack;
  return (
    <Gate block={block} sources={[block.source]}>
      {(data) => {
        const rows = data?.rows ?? [];
        return (
          <>
            <Box>
              {rows.slice(0, most.repeatRows).map((row) => (
                <div key={row.id}>
                  <ScopeContext value={{ ...scope, row: { source: block.source, row } }}>
                    <BlockList blocks={block.blocks} path={`${block.id}-${row.id}`} />
                  </ScopeContext>
                </div>
              ))}
            </Box>
            {rows.length > most.repeatRows && (
              <p>{t("first_of", { shown: most.repeatRows, total: rows.length })}</p>
            )}
          </>
        );
      }}
    </Gate>
  );
}

/**
 * Blocks that the plugin makes of data, drawn as a page within the page. They are asked for again when all of the page
 * is; the last good ones stay meanwhile, and when the plugin cannot make others.
 */
function Rendered({ block }: { block: RenderedBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const [answer, setAnswer] = useState<RenderAnswer & { at: number }>();
  const [problem, setProblem] = useState<unknown>();
  const [round, setRound] = useState(0);
  // What its own blocks set; the page around it knows nothing of that.
  const inner = useRef<{ params?: Record<string, unknown>; state?: Record<string, unknown> }>({});
  const { surface, input } = block;
  const { renewals } = page;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` and `renewals` ask again
  useEffect(() => {
    const abort = new AbortController();
    setProblem(undefined);
    page.setup.backend
      .render({ ...page.context(), ...inner.current, surface, input: input ?? null }, abort.signal)
      .then((made) => !abort.signal.aborted && setAnswer({ ...made, at: page.clock.now() }))
      .catch((error: unknown) => !abort.signal.aborted && setProblem(error));
    return () => abort.abort();
  }, [page, surface, input, round, renewals]);
  if (!answer && !problem) return <BlockSkeleton height={block.height ?? 120} label={t("loading")} />;
  return (
    <>
      {problem !== undefined && (
        <RenderFailed problem={problem} since={answer?.at} retry={() => setRound((now) => now + 1)} />
      )}
      {answer && (
        <BlockPage
          key={surface}
          {...page.setup}
          surface={surface}
          tree={answer.tree}
          tree_hash={answer.tree_hash}
          params={page.params}
          onParams={(params, replace) => {
            inner.current.params = params;
            page.setup.onParams?.(params, replace);
          }}
          onState={(state) => {
            inner.current.state = state;
            page.setup.onState?.(state);
          }}
          onRenew={() => setRound((now) => now + 1)}
        />
      )}
    </>
  );
}

function RenderFailed({ problem, since, retry }: { problem: unknown; since?: number; retry(): void }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const { detail, request_id } = problemOf(problem);
  const kept =
    since === undefined ? "" : ` ${t("kept_since", { time: formatTime(new Date(since).toISOString()) })}`;
  return (
    <FailureCard
      title={t("failed", { who: page.setup.pluginTitle })}
      text={`${detail ?? ""}${kept}`}
      request={request_id && t("request", { id: request_id })}
      action={
        <Button variant="default" size="compact-sm" onClick={retry}>
          {t("again")}
        </Button>
      }
    />
  );
}
