/** What stands in the way of a move, all of it, with the fields to fill in; then the record moves at once. */
import { Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import { putRecord, recordQuery, refreshAround, updateRecord } from "@/api/records";
import { useEntity } from "@/api/session";
import type { Entity, RecordData } from "@/api/types";
import { stageOf } from "@/engines/fields/text";
import { fillable } from "@/engines/form/fields";
import { FormBody } from "@/engines/form/form";
import type { FormSource } from "@/engines/source";
import { closeRefused, type RefusedMove } from "@/state/refused";
import { FormNote } from "@/ui/form";
import { Reasons } from "@/ui/reasons";
import { Bone } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";

export default function RefusedDialog({ move }: { move: RefusedMove }) {
  useFocusBack();
  const { t } = useTranslation(["pipelines", "board", "common"]);
  const entity = useEntity(move.entity);
  const record = useQuery(recordQuery(move.entity, move.id));
  const name = (entity && stageOf(entity, move.stage)?.name) ?? move.stage;
  return (
    <Drawer
      opened
      onClose={closeRefused}
      position="right"
      size={480}
      title={t("pipelines:refused_title", { stage: name })}
      closeButtonProps={{ "aria-label": t("common:close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      {entity && record.data ? (
        <Missing entity={entity} record={record.data} move={move} stage={name} />
      ) : (
        <Bone height={160} />
      )}
    </Drawer>
  );
}

interface Props {
  entity: Entity;
  record: RecordData;
  move: RefusedMove;
  stage: string;
}

function Missing({ entity, record, move, stage }: Props) {
  const { t } = useTranslation(["pipelines", "board", "common"]);
  const source = useMemo<FormSource>(() => {
    const wanted = new Set(move.conditions.map(({ field }) => field));
    const currencies = entity.fields.filter(({ part_of }) => part_of && wanted.has(part_of));
    for (const currency of currencies) wanted.add(currency.key);
    const fields = fillable(entity).filter(({ key }) => wanted.has(key));
    const held = Object.fromEntries(fields.map(({ key }) => [key, record.fields[key] ?? null]));
    return {
      key: `refused.${record.id}.${move.stage}`,
      shape: entity,
      fields,
      first: fields.map(({ key }) => key),
      preset: held,
      refs: record.refs ?? {},
      submit: (typed) => updateRecord(move.entity, move.id, { ...typed, stage: move.stage }),
    };
  }, [entity, record, move]);
  const reasons = move.conditions.map(({ message }) => message);
  const done = (moved: RecordData) => {
    putRecord(moved);
    void queryClient.invalidateQueries({ queryKey: keys.columns(move.entity) });
    refreshAround(move.entity, move.id);
    closeRefused();
    toast({ message: t("board:moved", { stage }), kind: "done" });
  };
  return (
    <>
      <Reasons label={t("pipelines:refused_reasons")} items={reasons} />
      {source.fields.length > 0 ? (
        <FormBody
          source={source}
          label={t("pipelines:refused_title", { stage })}
          action={t("pipelines:fill_and_move", { stage })}
          beside={
            <Button variant="default" onClick={closeRefused}>
              {t("common:cancel")}
            </Button>
          }
          onDone={done}
        />
      ) : (
        <FormNote>{t("pipelines:refused_elsewhere")}</FormNote>
      )}
    </>
  );
}
