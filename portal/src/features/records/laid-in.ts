/** Where fields stand in a pipeline: as arranged for it, else as everywhere. Pure. */
import type { Entity, Fields, Value } from "@/api/types";

/** The same object where the pipeline has no arrangement of its own. */
export function laidIn(entity: Entity, pipeline: Value): Entity {
  const own = entity.pipeline_layouts?.find((one) => one.pipeline === pipeline);
  return own ? { ...entity, layout: own.layout } : entity;
}

/** The pipeline that a new record with these fields begins in. */
export function beginsIn({ pipelines }: Entity, { pipeline, stage }: Fields): Value {
  const ofStage = pipelines.find(({ stages }) => stages.some(({ key }) => key === stage));
  return pipeline ?? (ofStage ?? pipelines.find((one) => one.is_default) ?? pipelines[0])?.id;
}
