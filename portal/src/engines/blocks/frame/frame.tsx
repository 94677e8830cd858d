/** Files of the plugin's package in a frame of no origin, for pixels that no block draws. */
import { Button, useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { usePage, useSay } from "@/engines/blocks/context";
import type { PageStore } from "@/engines/blocks/page-store";
import type { FrameBlock } from "@/engines/blocks/tree";
import { keepDraft, readDraft } from "@/engines/drafts";
import { FailureCard } from "@/ui/block-frame";
import { Sandbox } from "@/ui/sandbox";
import { toast } from "@/ui/toast";
import { Bridge, type Doors, type Pickable, type Stopped } from "./bridge";

const AskDialog = lazy(() => import("@/engines/blocks/ask-dialog"));

/** Until the frame's own page is there, ms. */
const coming_ms = 15_000;

interface Picking {
  kind: Pickable;
  done(value: unknown): void;
}

export default function FrameView({ block }: { block: FrameBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const [round, setRound] = useState(0);
  const [stopped, setStopped] = useState<Stopped>();
  const { frames } = page.setup;
  if (!frames || stopped) {
    const again = () => {
      setStopped(undefined);
      setRound(round + 1);
    };
    return (
      <FailureCard
        title={t("failed", { who: page.setup.pluginTitle })}
        text={t(`frame_${stopped ?? "none"}`)}
        action={
          frames && (
            <Button variant="default" size="compact-sm" onClick={again}>
              {t("again")}
            </Button>
          )
        }
      />
    );
  }
  return <Running key={round} block={block} address={frames + block.file} onStop={setStopped} />;
}

interface Props {
  block: FrameBlock;
  address: string;
  onStop(why: Stopped): void;
}

function Running({ block, address, onStop }: Props) {
  const page = usePage();
  const say = useSay();
  const scheme = useComputedColorScheme("light");
  const [height, setHeight] = useState(block.height ?? 320);
  const [picking, setPicking] = useState<Picking>();
  const bridge = useRef<Bridge>(undefined);
  const open = useRef<Picking>(undefined);
  const title = say(block.title);
  const { sources = [], acts = [] } = block;

  const doors: Doors = {
    sources,
    acts,
    context: () => ({ ...contextOf(page, block), theme: scheme, tokens: tokens(), height }),
    data: (name) => dataOf(page, name),
    act: (name, input) => press(page, name, input),
    set: (change) => page.set(change),
    open: (target) => page.setup.onOpen?.("surface" in target ? { ...target, as: "panel" } : target),
    toast: (message, tone) => toast({ message, kind: tone === "danger" ? "error" : "plain" }),
    resize: setHeight,
    pick: (kind) => {
      open.current?.done(null);
      return new Promise((resolve) => {
        open.current = { kind, done: resolve };
        setPicking(open.current);
      });
    },
    draft: (value) => keepDraft(placeOf(page, block), value),
  };
  // The frame asks through the doors as they are now.
  const now = useRef(doors);
  now.current = doors;

  const connect = (frame: HTMLIFrameElement) => {
    // It went elsewhere by itself: what is there now is not what the package says.
    if (bridge.current) return bridge.current.stop("left");
    const channel = new MessageChannel();
    const made = new Bridge(channel.port1, through(now), onStop, page.clock);
    channel.port1.onmessage = ({ data }) => made.receive(data);
    bridge.current = made;
    // An opaque origin has no name to be addressed by; the port goes to this very document.
    frame.contentWindow?.postMessage("verstak", "*", [channel.port2]);
    return undefined;
  };
  useEffect(() => () => bridge.current?.end(), []);
  // Not even its page comes.
  useEffect(() => page.clock.later(() => !bridge.current && onStop("silent"), coming_ms), [page, onStop]);
  const { params, state } = page;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told when any of these is another
  useEffect(() => bridge.current?.tellContext(), [params, state, scheme, page.setup.locale]);
  const told = useRef(new Map<string, unknown>());
  useEffect(() => {
    for (const name of sources) {
      const data = page.source(name);
      if (told.current.get(name) === data) continue;
      told.current.set(name, data);
      bridge.current?.tellData(name);
    }
  });

  return (
    <>
      <Sandbox title={title} address={address} height={height} onLoad={connect} />
      {picking && (
        <Suspense>
          <AskDialog
            key={picking.kind}
            action={{
              label: title,
              ask: [{ name: "picked", label: title, type: picking.kind, required: true }],
            }}
            target={{}}
            onClose={() => {
              picking.done(null);
              setPicking(undefined);
            }}
            onDo={async ({ picked }) => picking.done(picked ?? null)}
          />
        </Suspense>
      )}
    </>
  );
}

/** The same doors, whichever they are when something comes. */
const through = (now: { current: Doors }): Doors => ({
  sources: now.current.sources,
  acts: now.current.acts,
  context: () => now.current.context(),
  data: (name) => now.current.data(name),
  act: (name, input) => now.current.act(name, input),
  set: (change) => now.current.set(change),
  open: (target) => now.current.open(target),
  toast: (message, tone) => now.current.toast(message, tone),
  resize: (height) => now.current.resize(height),
  pick: (kind) => now.current.pick(kind),
  draft: (value) => now.current.draft(value),
});

const placeOf = (page: PageStore, block: FrameBlock): string =>
  `frame.${page.setup.plugin}.${page.setup.surface}.${page.setup.record?.id ?? ""}.${block.id ?? block.file}`;

function contextOf(page: PageStore, block: FrameBlock): Record<string, unknown> {
  const { locale, texts = {}, record } = page.setup;
  return {
    locale,
    texts,
    record: record ? { entity: record.entity, id: record.id } : null,
    params: page.params,
    state: page.state,
    sources: block.sources ?? [],
    acts: block.acts ?? [],
    draft: readDraft<unknown>(placeOf(page, block)) ?? null,
  };
}

function dataOf(page: PageStore, name: string): Record<string, unknown> {
  const { rows, fields, refs, total, loading, problem } = page.source(name);
  return {
    loading,
    rows: rows?.map(({ id, entity, fields: values }) => ({ id, entity, fields: values })) ?? null,
    fields: fields?.map(({ key, label, type }) => ({ key, label, type })) ?? [],
    refs: refs ?? {},
    total: total ?? null,
    problem: problem ? { code: problem.code, detail: problem.detail } : null,
  };
}

async function press(page: PageStore, act: string, input: unknown): Promise<unknown> {
  const answer = await page.setup.backend.act({ ...page.context(), act, input }, newKey());
  for (const patch of answer.patches ?? []) {
    if (patch.op === "toast") {
      toast({ message: patch.text, kind: patch.tone === "danger" ? "error" : "plain" });
    } else page.apply(patch);
  }
  page.setup.onChanged?.();
  return { errors: answer.errors ?? {}, refused: answer.refused ?? [] };
}

const names = [
  ...["bg", "surface", "surface-2", "hover", "border", "border-strong", "text", "text-2", "text-3", "accent"],
  ...["accent-text", "accent-soft", "danger", "danger-soft", "warn", "warn-soft", "ok", "ok-soft"],
  ...["chart-2", "chart-3", "chart-4", "chart-5", "chart-6", "font", "font-mono", "radius"],
];

/** The portal's colours and fonts as they are now, by name. */
function tokens(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
