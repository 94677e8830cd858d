/** Figures and state in small: tiles, progress, a clock, badges, stages. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { stoodQuery } from "@/api/records";
import { useActions } from "@/engines/blocks/actions";
import { toneOf, useEnvironment, useGiven, usePage, useSay } from "@/engines/blocks/context";
import { isTrue, plain } from "@/engines/blocks/environment";
import { figure } from "@/engines/blocks/formats";
import { Gate } from "@/engines/blocks/gate";
import { useSaving } from "@/engines/blocks/save";
import type { BadgesBlock, ProgressBlock, StagesBlock, StatsBlock, TimerBlock } from "@/engines/blocks/tree";
import { durationText } from "@/engines/fields/duration";
import { formatNumber } from "@/i18n/format";
import { Meter, Tag } from "@/ui/block";
import { StageBar } from "@/ui/stage-bar";
import { BadgeRow, Clock, StageList, Tile, Tiles } from "@/ui/tiles";

export function StatsView({ block }: { block: StatsBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const actions = useActions();
  const environment = useEnvironment();
  const currency = page.setup.me?.tenant.currency ?? "EUR";
  return (
    <Tiles>
      {block.tiles.map((tile, index) => {
        const value = plain<unknown>(tile.value, environment);
        const words = (one: number) => figure(one, tile.format, tile.currency ?? currency);
        const [before, target, spark] = [
          plain(tile.before, environment),
          plain(tile.target, environment),
          plain(tile.spark, environment),
        ];
        const number = typeof value === "number" ? value : undefined;
        const share = before && number !== undefined ? (number - before) / Math.abs(before) : undefined;
        const open = tile.on_open;
        return (
          <Tile
            key={index}
            label={say(tile.label)}
            value={
              number === undefined
                ? value === undefined || value === null
                  ? "—"
                  : String(value)
                : words(number)
            }
            tone={toneOf(plain(tile.tone, environment))}
            change={
              share === undefined
                ? undefined
                : {
                    text: t("against_before", { share: `${formatNumber(Math.abs(share) * 100, 0)} %` }),
                    up: share >= 0,
                  }
            }
            target={
              target === undefined || number === undefined
                ? undefined
                : { text: t("of_target", { target: words(target) }), share: target ? number / target : 0 }
            }
            spark={Array.isArray(spark) ? spark.filter((one) => typeof one === "number") : undefined}
            onOpen={open && (() => actions.run(open))}
          />
        );
      })}
    </Tiles>
  );
}

export function ProgressView({ block }: { block: ProgressBlock }) {
  const say = useSay();
  const value = useGiven(block.value) ?? 0;
  const most = useGiven(block.max) ?? 100;
  const text = `${formatNumber(value)} / ${formatNumber(most)}`;
  return <Meter label={say(block.label)} text={text} share={most > 0 ? value / most : 0} />;
}

/** The page's clock, once a second. */
function useSecond(): number {
  const page = usePage();
  const [now, setNow] = useState(page.clock.now());
  useEffect(() => page.clock.later(() => setNow(page.clock.now()), 1_000 - (now % 1_000)), [now, page]);
  return now;
}

export function TimerView({ block }: { block: TimerBlock }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const now = useSecond();
  const since = useGiven(block.since);
  const until = useGiven(block.until);
  const add = useGiven(block.add) ?? 0;
  if (until) {
    const left = Math.round((Date.parse(until) - now) / 1_000);
    if (Number.isNaN(left)) return null;
    const late = left < 0;
    const soon = !late && block.warn !== undefined && left <= block.warn;
    return (
      <Clock
        label={say(block.label)}
        text={durationText(Math.abs(left))}
        tone={late ? "danger" : soon ? "warn" : "plain"}
        note={late ? t("over_time") : soon ? t("little_time") : t("time_left")}
      />
    );
  }
  const gone = since ? Math.max(0, Math.floor((now - Date.parse(since)) / 1_000)) : 0;
  return (
    <Clock
      label={say(block.label)}
      text={durationText(add + (Number.isNaN(gone) ? 0 : gone))}
      tone="plain"
      note={since ? undefined : t("stopped_clock")}
    />
  );
}

export function BadgesView({ block }: { block: BadgesBlock }) {
  const say = useSay();
  const environment = useEnvironment();
  return (
    <BadgeRow>
      {block.items
        .filter((item) => isTrue(item.when, environment))
        .map((item, index) => (
          <Tag key={index} tone={toneOf(plain(item.tone, environment))}>
            {say(item.text)}
          </Tag>
        ))}
    </BadgeRow>
  );
}

export function StagesView({ block }: { block: StagesBlock }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  if (!block.source) {
    const stages = (block.stages ?? []).map((stage) => ({
      label: say(stage.label),
      state: stage.state,
      words: t(`stage_${stage.state}`),
    }));
    return <StageList label={say(block.title) || t("stages")} stages={stages} />;
  }
  return (
    <Gate block={block} sources={[block.source]} height={40}>
      {() => <RecordStages source={block.source ?? ""} />}
    </Gate>
  );
}

function RecordStages({ source }: { source: string }) {
  const { t } = useTranslation(["blocks", "card"]);
  const page = usePage();
  const saving = useSaving();
  const [problem, setProblem] = useState<string>();
  const data = page.source(source);
  const row = data.rows?.[0];
  const pipeline =
    data.shape?.pipelines.find(({ id }) => id === row?.fields.pipeline) ?? data.shape?.pipelines[0];
  const entity = row && page.entityOf(source, row);
  // Strangers of a public page ask for no record.
  const asks = page.setup.me !== undefined && Boolean(entity);
  const stood = useQuery({ ...stoodQuery(entity ?? "", row?.id ?? ""), enabled: asks }).data;
  if (!row || !pipeline) return null;
  const move = async (stage: string) => {
    setProblem(undefined);
    const back = page.sources.show(source, (rows) =>
      rows.map((one) => (one.id === row.id ? { ...one, fields: { ...one.fields, stage } } : one)),
    );
    try {
      page.take(source, await page.setup.backend.stage(row, page.entityOf(source, row), stage));
    } catch (error) {
      back();
      setProblem(saving.fail(error));
    }
  };
  return (
    <StageBar
      label={t("blocks:stages")}
      allLabel={t("blocks:all_stages")}
      nextLabel={(stage) => t("blocks:next_stage", { stage })}
      passedLabel={(stage) => t("card:stage_passed", { stage })}
      skippedLabel={(stage) => t("card:stage_skipped", { stage })}
      stood={stood}
      stages={[...pipeline.stages].sort((left, right) => left.sort - right.sort)}
      current={String(row.fields.stage ?? "")}
      disabled={!data.shape?.actions.update}
      problem={problem}
      onMove={(stage) => void move(stage)}
    />
  );
}
