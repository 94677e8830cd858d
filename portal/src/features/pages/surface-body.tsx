/** A surface as its tree says, wherever it stands. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { keys } from "@/api/keys";
import { onEntityChange } from "@/api/live";
import { ApiError } from "@/api/problem";
import { refreshAround } from "@/api/records";
import { useEntities, useMe } from "@/api/session";
import type { Fields, SurfaceView } from "@/api/types";
import { Row } from "@/engines/blocks/expression/values";
import { resumeJobs } from "@/engines/blocks/jobs";
import { BlockPage } from "@/engines/blocks/page";
import type { Action, OpenTarget, Tree } from "@/engines/blocks/tree";
import type { Backend, SourceRow } from "@/engines/blocks/wire";
import { openSurface, type Subject } from "@/engines/open-surface";
import { currentLocale } from "@/i18n";
import { openCreate } from "@/state/creating";
import { backend } from "./backend";

interface Props {
  surface: SurfaceView;
  tree: Tree;
  texts: Record<string, string>;
  subject: Subject;
  /** Done at once instead of drawn. */
  start?: Action | undefined;
  params?: Record<string, unknown> | undefined;
  onParams?(params: Record<string, unknown>, replace: boolean): void;
  /** An action says that it is done here. */
  onClose?(): void;
  /** Something else is opened instead: what stands over a page goes away, a page stays in the history. */
  onLeave?(): void;
}

/** States of surfaces, for the time of this tab: after an upgrade their values go over by name. */
const states = new Map<string, Record<string, unknown>>();

export function SurfaceBody({
  surface,
  tree,
  texts,
  subject,
  start,
  params,
  onParams,
  onClose,
  onLeave,
}: Props) {
  const { plugin, id, title, tree_hash } = surface;
  const me = useMe();
  const entities = useEntities();
  const navigate = useNavigate();
  const client = useQueryClient();
  const data = useMemo(() => renewing(() => client.refetchQueries({ queryKey: keys.pages })), [client]);
  useEffect(() => resumeJobs(data, () => undefined), [data]);
  const { record, entity = record?.entity } = subject;
  const types = Object.fromEntries(
    (entities.find(({ key }) => key === entity)?.fields ?? []).map(({ key, type }) => [key, type]),
  );
  const rowOf = ({ id: one, version, fields }: NonNullable<typeof record>): SourceRow => ({
    id: one,
    version,
    entity,
    fields,
  });
  const rows = subject.ids?.map((one): SourceRow => ({ id: one, entity, fields: {} }));
  const open = (target: OpenTarget) => {
    if ("record" in target) {
      onLeave?.();
      const one = String(target.record);
      void navigate({ to: "/records/$entity/$id", params: { entity: target.entity, id: one } });
    } else if ("url" in target) {
      window.open(String(target.url), "_blank", "noopener");
    } else if ("surface" in target && target.as !== "page") {
      openSurface({ plugin, id: target.surface, subject, params: target.params });
    } else {
      onLeave?.();
      const other = "page" in target ? target.page : target.surface;
      const search = target.params ?? {};
      void navigate({ to: "/app/$plugin/$page", params: { plugin, page: other }, search });
    }
  };
  const place = `${plugin} ${id} ${record?.id ?? ""}`;
  return (
    <BlockPage
      tree={tree}
      tree_hash={tree_hash}
      backend={data}
      plugin={plugin}
      pluginTitle={title}
      surface={id}
      frames={surface.frames}
      me={me}
      texts={texts}
      locale={currentLocale()}
      {...(record &&
        entity && {
          record: { entity, id: record.id, row: new Row({ id: record.id, ...record.fields }, types) },
          subject: { row: rowOf(record) },
        })}
      {...(rows && { subject: { rows } })}
      start={start}
      params={params}
      state={states.get(place)}
      onState={(state) => states.set(place, state)}
      onParams={onParams}
      onOpen={open}
      onForm={({ entity: kind, record: one, defaults }) =>
        one ? open({ record: one, entity: kind }) : openCreate(kind, defaults as Fields | undefined)
      }
      onClose={onClose}
      onChanged={() => {
        if (!entity) return;
        void client.invalidateQueries({ queryKey: keys.records(entity) });
        if (record) void client.invalidateQueries({ queryKey: keys.record(entity, record.id) });
        refreshAround(entity, record?.id);
      }}
      can={(kind, action) => {
        const actions: Partial<Record<string, boolean>> | undefined = entities.find(
          ({ key }) => key === kind,
        )?.actions;
        return actions?.[action] ?? false;
      }}
      listen={onEntityChange}
    />
  );
}

/** The same data; when the package was upgraded meanwhile, the new tree is there before the refusal is shown. */
function renewing(renew: () => Promise<unknown>): Backend {
  const kept =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      try {
        return await call(...given);
      } catch (error) {
        if (error instanceof ApiError && error.problem.code === "ui.stale") await renew();
        throw error;
      }
    };
  return {
    ...backend,
    read: kept(backend.read),
    act: kept(backend.act),
    render: kept(backend.render),
  };
}
