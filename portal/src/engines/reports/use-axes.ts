/** What the values of axes are called: the words of their fields, names of people and records. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import { useEntities } from "@/api/session";
import type { Entity, Field, ReportAnswer, Value } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { textOf } from "@/engines/fields/text";
import { resolveField } from "@/engines/filters/model";
import { bucketText } from "./figures";
import type { AxisView } from "./grid";
import { buckets } from "./period";
import { type Axis, axisOf, isPersonAxis } from "./question";
import { stepName } from "./step-name";

/** The field behind an axis; people's and modules' axes have names of their own. */
export interface KnownAxis extends Axis {
  field?: Pick<Field, "key" | "type" | "entity" | "choices">;
  /** Where the field lives. */
  entity: Entity;
  label: string;
}

export function useKnownAxes(entity: Entity, texts: string[]): KnownAxis[] {
  const { t } = useTranslation("reports");
  const entities = useEntities();
  const named = useQuery(measuresQuery).data?.axes;
  return texts.map((text) => {
    const axis = axisOf(text);
    const { key } = axis;
    const module = named?.find((one) => one.key === key && one.entity === entity.key);
    const found = resolveField(module?.field ?? key, entity, entities);
    const bucket = axis.bucket ?? buckets.find((one) => one === module?.bucket);
    if (isPersonAxis(key) && (key === "manager" || !found)) {
      const type = key === "manager" ? ("user" as const) : ("department" as const);
      return { ...axis, field: { key, type }, entity, label: t(`axis_${key}`) };
    }
    const home = entities.find((one) => one.key === found?.entity.key) ?? entity;
    return { key, bucket, field: found?.field, entity: home, label: module?.label ?? found?.label ?? key };
  });
}

/** Places of choices and stages as the company has put them. */
function rankOf({ entity, field }: KnownAxis): (value: Value) => number {
  const order =
    field?.type === "stage"
      ? entity.pipelines.flatMap((pipeline) =>
          pipeline.stages.toSorted((one, other) => one.sort - other.sort).map(({ key }) => key),
        )
      : field?.type === "pipeline"
        ? entity.pipelines.map(({ id }) => id)
        : field?.choices?.map(({ value }) => value);
  const places = new Map(order?.map((key, at): [string, number] => [key, at]).reverse());
  return (value) => places.get(String(value)) ?? places.size;
}

export function useAxes(entity: Entity, texts: string[], answer: ReportAnswer | undefined): AxisView[] {
  const { t } = useTranslation("reports");
  const known = useKnownAxes(entity, texts);
  const context = useTextContext(entity, answer?.refs ?? {});
  return known.map((axis) => ({
    key: axis.key,
    label: axis.label,
    bucket: axis.bucket,
    text: (value, group) => {
      const { bucket, field } = axis;
      if (value === null || value === undefined || value === "") return t("empty_group");
      const step = axis.key === "step" && stepName(answer?.steps, value, group?.definition);
      if (step) return step;
      if (bucket) return bucketText(String(value), bucket, (values) => t("quarter", values));
      return field ? textOf(field as Field, value, { ...context, entity: axis.entity }) : String(value);
    },
    rank: axis.bucket ? (value) => Date.parse(`${String(value)}T00:00:00Z`) : rankOf(axis),
  }));
}
