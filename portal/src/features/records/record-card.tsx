/** One record: title, stage bar, fields by the layout's sections, timeline. The same in panel and page. */
import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconLink, IconRestore, IconShare, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Evaluated, evaluate } from "@/api/evaluate";
import { ApiError } from "@/api/problem";
import { putRecord, recordQuery, refreshAround, restoreRecord } from "@/api/records";
import type { CardLayout, Entity, Fields, Id, RecordData, SurfaceView } from "@/api/types";
import { MoreOfCard, RowsOfCard, SaleOfCard } from "@/engines/card-parts";
import { loadDateEditor } from "@/engines/fields/editor";
import { type Ask, CardEvaluated, type OfCard, useAsk } from "@/engines/fields/evaluated";
import { InPlace } from "@/engines/fields/in-place";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { CardFiles } from "@/engines/files/card-files";
import { SlotButtons, SlotSurface, useSlot } from "@/engines/slots";
import { withGuestTexts, withRecordTexts } from "@/i18n";
import { forget, remember } from "@/state/history";
import { EntityIcon } from "@/ui/entity-icon";
import {
  CardBody,
  CardBones,
  CardColumns,
  CardHead,
  CardNotice,
  CardSection,
  CardStack,
  CardTitle,
} from "@/ui/panel";
import { ErrorState } from "@/ui/states";
import { ViewTab, ViewTabs } from "@/ui/table";
import { toast, toastError } from "@/ui/toast";
import { useAhead } from "@/ui/use-ahead";
import { usePrinting } from "@/ui/use-printing";
import { blocksIn, placedIn, useCardTabs } from "./card-tabs";
import { ConcernedLink } from "./concerned";
import { laidIn } from "./laid-in";
import { Sections } from "./sections";
import { recordsSource } from "./source";
import { CardStages, useStageMove } from "./stages";
import { Timeline } from "./timeline";
import { useRemove } from "./use-remove";

const AccessDialog = lazy(() => withRecordTexts(() => import("./access-dialog")));
const AccessItem = lazy(() => withRecordTexts(() => import("./access-item")));
const DuplicatesPart = lazy(() => withRecordTexts(() => import("./duplicates-part")));
const MergedNote = lazy(() => withRecordTexts(() => import("./merged-note")));
const RelatedPart = lazy(() => withRecordTexts(() => import("./related-part")));
const RuleButtons = lazy(() => withRecordTexts(() => import("./rule-buttons")));
const RuleFailures = lazy(() => withRecordTexts(() => import("./rule-failures")));
const ShareDialog = lazy(() => withGuestTexts(() => import("./share-dialog")));

interface Props {
  entity: Entity;
  id: Id;
  place: "panel" | "page";
  /** Deleted, or the person is done with it. */
  onGone(): void;
  lead?: ReactNode;
  tail?: ReactNode;
}

export function RecordCard({ entity, id, place, onGone, lead, tail }: Props) {
  const { t } = useTranslation(["card", "fields"]);
  const query = useQuery(recordQuery(entity.key, id));
  useAhead(loadDateEditor, 600);
  const record = query.data;
  const title = record && titleOf(entity, record.fields, t("fields:untitled"));

  useEffect(() => {
    if (title) {
      remember({ entity: entity.key, id, title });
      if (place === "page") document.title = `${title} · Verstak`;
    }
  }, [entity.key, id, title, place]);
  useEffect(() => {
    if (query.error instanceof ApiError && query.error.status === 404) forget(id);
  }, [query.error, id]);

  return (
    <>
      <CardHead
        icon={<EntityIcon of={entity} size={18} />}
        lead={lead}
        crumb={
          place === "page" ? (
            <Link to="/records/$entity" params={{ entity: entity.key }}>
              {entity.label_plural}
            </Link>
          ) : (
            entity.label
          )
        }
        number={typeof record?.fields.number === "number" ? record.fields.number : undefined}
        actions={
          <>
            {record && (
              <SlotButtons
                slot={`record.${entity.key}.header-action`}
                subject={{ entity: entity.key, record }}
              />
            )}
            {record && <CardActions entity={entity} record={record} onGone={onGone} />}
            {tail}
          </>
        }
      />
      {query.isPending && <CardBones />}
      {query.isError && !record && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {record && <CardContent entity={entity} record={record} place={place} />}
    </>
  );
}

function CardContent({
  entity,
  record,
  place,
}: {
  entity: Entity;
  record: RecordData;
  place: "panel" | "page";
}) {
  const { t } = useTranslation(["card", "common", "fields"]);
  const move = useStageMove(entity, record);
  const source = useMemo(() => recordsSource(entity), [entity]);
  const refs = record.refs ?? {};
  const titleField = fieldOf(entity, entity.title_field);
  const deleted = Boolean(record.fields.deleted_at);
  const { layout } = laidIn(entity, record.fields.pipeline);
  const { chosen, open, wrong } = useCardTabs(layout, record, place);
  const placed = blocksIn(layout);
  const allTabs = useSlot(`record.${entity.key}.tab`);
  const allSides = useSlot(`record.${entity.key}.sidebar`);
  const tabs = allTabs.filter((one) => !placed.has(nameOf(one)));
  const sides = allSides.filter((one) => !placed.has(nameOf(one)));
  const surfaces = [...allTabs, ...allSides];
  const tab = tabs.find((one) => nameOf(one) === chosen);
  const own = layout.tabs?.find(({ key }) => key === chosen);
  // On paper everything the layout shows stands one under another.
  const printing = usePrinting();
  const shown = printing ? (layout.tabs ?? []) : own ? [own] : [];
  const subject = { entity: entity.key, record };

  const restore = async () => {
    try {
      putRecord(await restoreRecord(entity.key, record.id));
      refreshAround(entity.key, record.id);
    } catch (error) {
      toastError(error);
    }
  };

  const evaluated = useCardAnswer(entity, record);

  return (
    <CardEvaluated value={evaluated}>
      <CardBody key={record.id}>
        {deleted && (
          <CardNotice
            action={
              <Button
                variant="default"
                leftSection={<IconRestore size={16} />}
                onClick={() => void restore()}
              >
                {t("common:restore")}
              </Button>
            }
          >
            {t("card:is_deleted")}
          </CardNotice>
        )}
        {deleted && typeof record.fields.merged_into === "string" && (
          <Suspense>
            <MergedNote record={record} leads={place === "page"} />
          </Suspense>
        )}
        <Suspense>
          <RuleFailures record={record} />
        </Suspense>
        <CardTitle level={place === "page" ? 1 : 2}>
          {titleField && (
            <InPlace source={source} field={titleField} record={record} refs={refs} bare>
              {titleOf(entity, record.fields, t("fields:untitled"))}
            </InPlace>
          )}
        </CardTitle>
        <ConcernedLink record={record} />
        {entity.staged && <CardStages entity={entity} record={record} move={move} />}
        {!deleted && <SaleOfCard entity={entity} record={record} />}
        {(tabs.length > 0 || (layout.tabs?.length ?? 0) > 0) && (
          <ViewTabs label={entity.label}>
            <ViewTab
              active={!tab && !own}
              wrong={wrong.has(undefined) ? t("card:tab_wrong") : undefined}
              onClick={() => open(undefined)}
            >
              {t("card:main")}
            </ViewTab>
            {layout.tabs?.map(({ key, title }) => (
              <ViewTab
                key={key}
                active={key === own?.key}
                wrong={wrong.has(key) ? t("card:tab_wrong") : undefined}
                onClick={() => open(key)}
              >
                {title}
              </ViewTab>
            ))}
            {tabs.map((one) => (
              <ViewTab key={nameOf(one)} active={one === tab} onClick={() => open(nameOf(one))}>
                {one.title}
              </ViewTab>
            ))}
          </ViewTabs>
        )}
        {tab && <SlotSurface surface={tab} subject={subject} />}
        {shown.map((part) => (
          <CardStack key={part.key}>
            <Sections
              entity={entity}
              source={source}
              record={record}
              onStage={move.to}
              sections={part.sections}
            />
            <Placed part={part} record={record} surfaces={surfaces} />
          </CardStack>
        ))}
        {!tab && (!own || printing) && (
          <>
            <RowsOfCard entity={entity} record={record} />
            <CardColumns
              wide={place === "page"}
              fields={
                <>
                  <Sections
                    entity={entity}
                    source={source}
                    record={record}
                    onStage={move.to}
                    sections={layout.sections}
                    placed={placedIn(layout)}
                  />
                  <Placed part={layout} record={record} surfaces={surfaces} />
                  {/* A record in the bin shows none. */}
                  {!deleted && entity.duplicates && entity.duplicates !== "off" && (
                    <Suspense>
                      <DuplicatesPart entity={entity} record={record} />
                    </Suspense>
                  )}
                  {!deleted && (
                    <CardFiles entity={entity.key} id={record.id} changes={entity.actions.update} />
                  )}
                  {sides.map((side) => (
                    <CardSection key={nameOf(side)} title={side.title}>
                      <SlotSurface surface={side} subject={subject} />
                    </CardSection>
                  ))}
                </>
              }
              timeline={
                <CardStack>
                  {!deleted && <MoreOfCard entity={entity.key} id={record.id} />}
                  <Timeline entity={entity} id={record.id} readOnly={deleted} />
                </CardStack>
              }
            />
          </>
        )}
      </CardBody>
    </CardEvaluated>
  );
}

interface PlacedProps {
  part: Pick<CardLayout, "related" | "blocks">;
  record: RecordData;
  surfaces: SurfaceView[];
}

/** Lists of related records and surfaces of modules, where the layout places them in a tab. */
function Placed({ part: { related = [], blocks = [] }, record, surfaces }: PlacedProps) {
  const there = blocks.flatMap((name) => surfaces.find((one) => nameOf(one) === name) ?? []);
  return (
    <>
      {related.length > 0 && !record.fields.deleted_at && (
        <Suspense>
          {related.map((list) => (
            <RelatedPart key={`${list.entity} ${list.via}`} record={record} list={list} />
          ))}
        </Suspense>
      )}
      {there.map((surface) => (
        <CardSection key={nameOf(surface)} title={surface.title}>
          <SlotSurface surface={surface} subject={{ entity: record.entity, record }} />
        </CardSection>
      ))}
    </>
  );
}

/** What the card is like with what is kept, and with what is being typed in it. */
function useCardAnswer(entity: Entity, record: RecordData): OfCard {
  const [typing, setTyping] = useState<Fields>();
  const [answer, setAnswer] = useState<Evaluated>();
  const { id, version } = record;
  const asks = entity.evaluated && !record.fields.deleted_at;
  const ask = useMemo<Ask | undefined>(
    () => (asks ? (fields, signal) => evaluate(entity.key, id, fields, signal) : undefined),
    // A newer version is another question.
    [asks, entity.key, id, version],
  );
  useAsk(ask, typing ?? {}, setAnswer);
  return useMemo(
    () =>
      asks ? { answer, preview: typing && answer?.formulas, typed: setTyping } : { typed: () => undefined },
    [asks, answer, typing],
  );
}

const nameOf = ({ plugin, id }: SurfaceView) => `${plugin}.${id}`;

function CardActions({ entity, record, onGone }: { entity: Entity; record: RecordData; onGone(): void }) {
  const { t } = useTranslation(["card", "common"]);
  const remove = useRemove(entity);
  const [access, setAccess] = useState(false);
  const [sharing, setSharing] = useState(false);
  const copy = async () => {
    const address = `${location.origin}/records/${entity.key}/${record.id}`;
    try {
      await navigator.clipboard.writeText(address);
      toast({ message: t("common:copied") });
    } catch {
      // The clipboard is closed on plain HTTP: the address can still be copied by hand.
      toast({ message: address, stay: 15_000 });
    }
  };
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon aria-label={t("card:actions")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconLink size={16} />} onClick={() => void copy()}>
            {t("common:copy_link")}
          </Menu.Item>
          {entity.actions.update && !record.fields.deleted_at && (
            <Menu.Item leftSection={<IconShare size={16} />} onClick={() => setSharing(true)}>
              {t("card:share")}
            </Menu.Item>
          )}
          {!record.fields.deleted_at && (
            <Suspense>
              <RuleButtons entity={entity.key} record={record} />
              <AccessItem record={record} onOpen={() => setAccess(true)} />
            </Suspense>
          )}
          {entity.actions.delete && !record.fields.deleted_at && (
            <Menu.Item
              leftSection={<IconTrash size={16} />}
              onClick={() => void remove(record).then((gone) => gone && onGone())}
            >
              {t("common:delete")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {sharing && (
        <Suspense>
          <ShareDialog entity={entity} id={record.id} onClose={() => setSharing(false)} />
        </Suspense>
      )}
      {access && (
        <Suspense>
          <AccessDialog entity={entity} id={record.id} onClose={() => setAccess(false)} />
        </Suspense>
      )}
    </>
  );
}
