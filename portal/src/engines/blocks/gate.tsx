/** Before a block has its rows: bones of its height, "slow" with a way to stop, who failed, nothing there. */
import { Button } from "@mantine/core";
import { Component, type ReactNode, useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatTime } from "@/i18n/format";
import { BlockBox, BlockSkeleton, FailureCard, SlowNote } from "@/ui/block-frame";
import { usePage, useSay } from "./context";
import type { SourceData } from "./sources";
import type { Common } from "./tree";

/** After this a block says that it is slow, ms. */
const slow_ms = 2_000;

/** Whether it has been asked for longer than people wait without a word. */
function useSlow(data: SourceData): boolean {
  const page = usePage();
  const [slow, setSlow] = useState(false);
  const since = data.loading ? data.since : undefined;
  useEffect(() => {
    setSlow(false);
    if (since === undefined) return undefined;
    const left = since + slow_ms - page.clock.now();
    if (left <= 0) {
      setSlow(true);
      return undefined;
    }
    return page.clock.later(() => setSlow(true), left);
  }, [since, page]);
  return slow;
}

/** Where nothing is drawn yet because every block waits for a source: the one that failed, or is slow, is told of. */
export function Unsaid({ sources }: { sources: string[] }) {
  const page = usePage();
  const failed = sources.filter((name) => page.source(name).problem || page.source(name).cancelled);
  const waiting = sources.find((name) => page.source(name).loading);
  const slow = useSlow(page.source(waiting ?? ""));
  const told = failed.length > 0 ? failed : waiting && slow ? [waiting] : [];
  return told.length > 0 ? (
    <Gate block={{ block: "notice" }} sources={told}>
      {() => null}
    </Gate>
  ) : null;
}

interface Props {
  block: Common;
  sources: string[];
  /** Bones in this height where the block declares none. */
  height?: number;
  /** There is nothing to show in these rows. */
  isEmpty?(data: SourceData[]): boolean;
  children(...data: SourceData[]): ReactNode;
}

export function Gate({ block, sources, height = 160, isEmpty, children }: Props) {
  const { t } = useTranslation(["blocks", "common"]);
  const page = usePage();
  const say = useSay();
  const all = sources.map((name) => page.source(name));
  const at = all.findIndex((data) => !data.rows);
  const waiting = all[at] ?? all.find((data) => data.loading) ?? all[0] ?? { loading: false };
  const slow = useSlow(waiting);
  const name = sources[Math.max(0, at)] ?? "";
  const failed = all.findIndex((data) => data.problem);
  const problem = all[failed]?.problem;
  const retry = () => {
    for (const [index, source] of sources.entries()) {
      if (all[index]?.problem || all[index]?.cancelled) page.sources.retry(source);
    }
  };
  const lost = problem?.code === "network";
  const why = lost ? t("common:network") : problem?.detail;
  // With the line back nobody has to press anything.
  const back = useEffectEvent(retry);
  useEffect(() => {
    if (!lost) return undefined;
    const again = () => back();
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [lost]);
  if (at < 0) {
    const nothing = isEmpty ? isEmpty(all) : all[0]?.rows?.length === 0;
    const body = nothing ? (
      <BlockBox quiet>{say(block.empty) || t("blocks:empty")}</BlockBox>
    ) : (
      children(...all)
    );
    if (!problem) return body;
    return (
      <>
        <FailureCard
          compact
          title={t("blocks:stale", {
            time: formatTime(all[failed]?.at ?? new Date(page.clock.now()).toISOString()),
          })}
          text={why}
          action={
            <Button variant="default" onClick={retry}>
              {t("blocks:again")}
            </Button>
          }
        />
        {body}
      </>
    );
  }
  const who = problem?.by ?? page.setup.pluginTitle;
  if (problem) {
    const later = problem.retry_at && t("blocks:again_at", { time: formatTime(problem.retry_at) });
    return (
      <FailureCard
        title={lost ? t("blocks:not_loaded") : t("blocks:failed", { who })}
        text={[why, later].filter(Boolean).join(" ")}
        request={problem.request_id && t("blocks:request", { id: problem.request_id })}
        action={
          <Button variant="default" onClick={retry}>
            {t("blocks:again")}
          </Button>
        }
      />
    );
  }
  if (all[at]?.cancelled) {
    return (
      <FailureCard
        title={t("blocks:stopped")}
        action={
          <Button variant="default" onClick={retry}>
            {t("blocks:again")}
          </Button>
        }
      />
    );
  }
  return (
    <BlockSkeleton height={block.height ?? height} label={t("blocks:loading")}>
      {slow && (
        <SlowNote
          action={
            <Button variant="default" size="compact-sm" onClick={() => page.sources.cancel(name)}>
              {t("blocks:cancel")}
            </Button>
          }
        >
          {t("blocks:slow", { who })}
        </SlowNote>
      )}
    </BlockSkeleton>
  );
}

interface BoundaryProps {
  title: string;
  again: string;
  children: ReactNode;
}

/** One block that breaks leaves the others alone. */
export class Boundary extends Component<BoundaryProps, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <FailureCard
        title={this.props.title}
        text={error.message}
        action={
          <Button variant="default" onClick={() => this.setState({ error: undefined })}>
            {this.props.again}
          </Button>
        }
      />
    );
  }
}

export function TooLarge({ size, most }: { size: number; most: number }) {
  const { t } = useTranslation("blocks");
  return <FailureCard title={t("too_large")} text={t("too_large_text", { size, most })} />;
}
