/** Where the fields of an entity stand: arranged by hand, for everybody, for a role, in a pipeline; earlier ones come back. */
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type LayoutOf,
  type LayoutSpec,
  layoutHistoryQuery,
  layoutsQuery,
  refreshLayouts,
  restoreLayout,
  type SavedLayout,
  saveLayout,
} from "@/api/layouts";
import { rolesQuery } from "@/api/people";
import { ApiError } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Entity, Id, RelatedList } from "@/api/types";
import { linksTo } from "@/engines/related";
import { currentLocale } from "@/i18n";
import { formatDateTime } from "@/i18n/format";
import {
  Block,
  BlockBones,
  Buttons,
  ItemBody,
  ItemLine,
  ItemList,
  Lead,
  Notice,
  Pair,
  Stacked,
  Tag,
} from "@/ui/block";
import { generalRefusal } from "@/ui/form-drawer";
import { PickMany } from "@/ui/pick-many";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { hold, readHeld, useHeld } from "./layout-held";
import { LayoutList } from "./layout-list";
import {
  type Arranging,
  afterSave,
  draftOf,
  isOutrun,
  type LayoutDraft,
  presentIn,
  specOf,
  titleIn,
  touched,
  withMine,
  withTheirs,
} from "./layout-model";

export default function LayoutBlock({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["rules", "common"]);
  const [of, setOf] = useState<LayoutOf>({ entity: entity.key });
  const roles = useQuery(rolesQuery).data ?? [];
  const saved = useQuery(layoutsQuery(entity.key));
  const same = (other: LayoutOf) => other.role === of.role && other.pipeline === of.pipeline;
  const mine = saved.data?.find((one) => same(one.of));
  const open = entity.pipelines.filter(({ archived }) => !archived);
  return (
    <Block title={t("rules:layout")} note={t("rules:layout_note")}>
      <Pair>
        <Select
          label={t("rules:layout_for")}
          allowDeselect={false}
          data={[
            { value: "", label: t("rules:layout_everybody") },
            ...roles.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={of.role ?? ""}
          onChange={(role) => setOf({ ...of, role: role || undefined })}
        />
        {open.length > 1 && (
          <Select
            label={t("rules:layout_pipeline")}
            allowDeselect={false}
            data={[
              { value: "", label: t("rules:layout_any_pipeline") },
              ...open.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            value={of.pipeline ?? ""}
            onChange={(pipeline) => setOf({ ...of, pipeline: pipeline || undefined })}
          />
        )}
      </Pair>
      {saved.isPending && <BlockBones label={t("common:loading")} rows={3} />}
      {saved.isLoadingError && <ErrorState error={saved.error} retry={() => void saved.refetch()} />}
      {saved.data && <Editor key={`${of.role} ${of.pipeline}`} entity={entity} of={of} saved={mine} />}
    </Block>
  );
}

interface Sending {
  layout: LayoutSpec | null;
  over?: Id;
  /** What was held when it went. */
  sent?: LayoutDraft;
}

interface EditorProps {
  entity: Entity;
  of: LayoutOf;
  saved?: SavedLayout;
}

function Editor({ entity, of, saved }: EditorProps) {
  const { t } = useTranslation(["rules", "common"]);
  const locale = currentLocale();
  const links = useLinks(entity);
  const before = useMemo(() => draftOf(entity, saved?.layout, locale, links), [entity, saved, locale, links]);
  const held = useHeld(of);
  const [history, setHistory] = useState(false);
  const { aside } = held;
  const draft = useMemo(
    () => (held.draft ? presentIn(entity, held.draft, links) : before),
    [entity, held.draft, before, links],
  );
  const put = (part: Partial<LayoutDraft>) => hold(of, touched(held, saved?.id, { ...draft, ...part }));
  const save = useMutation({
    mutationFn: ({ layout, over }: Sending) => saveLayout(of, layout, over),
    onSuccess: ({ id }, { layout, over, sent }) => {
      hold(of, afterSave(readHeld(of), sent, layout ? id : undefined));
      toast({
        kind: "done",
        message: t(layout ? "common:saved" : "rules:layout_reset_done"),
        action: {
          label: t("common:undo"),
          run: () => void (over ? restoreLayout(over) : saveLayout(of, null, id)).catch(toastError),
        },
      });
    },
    onError: (error) => {
      if (isQuicker(error)) void refreshLayouts(entity.key);
    },
  });
  /** What was refused is not what is shown any more. */
  const leave = (next: Arranging) => {
    save.reset();
    hold(of, next);
  };
  const send = (layout: LayoutSpec | null, over: Id | undefined) =>
    save.mutate({ layout, over, sent: held.draft });
  const dirty = held.draft !== undefined;
  const outrun = !save.isPending && isOutrun(held, saved?.id);
  const refusal =
    isQuicker(save.error) && outrun ? undefined : generalRefusal(save.error, [], t("common:network"));
  const choices = entity.fields.map(({ key, label }) => ({ value: key, label }));
  return (
    <Stacked>
      {!saved && <Lead>{t("rules:layout_product")}</Lead>}
      <LayoutList entity={entity} rows={draft.rows} onChange={(rows) => put({ rows })} />
      {!of.pipeline && (
        <PickMany
          label={t("rules:layout_list")}
          data={choices}
          value={draft.list}
          onChange={(list) => put({ list })}
        />
      )}
      {entity.staged && (
        <PickMany
          label={t("rules:layout_card")}
          data={choices}
          value={draft.card}
          onChange={(card) => put({ card })}
        />
      )}
      <PickMany
        label={t("rules:layout_form")}
        description={t("rules:layout_form_hint")}
        data={choices}
        value={draft.form}
        onChange={(form) => put({ form })}
      />
      {outrun && (
        <Outrun
          by={saved}
          onLook={() => leave(withTheirs(held))}
          onOver={() => send(specOf(draft), saved?.id)}
        />
      )}
      {aside && (
        <Notice
          title={t("rules:layout_kept")}
          action={
            <Button variant="default" size="compact-sm" onClick={() => leave(withMine(held, saved?.id))}>
              {t("rules:layout_mine")}
            </Button>
          }
        />
      )}
      {dirty && !outrun && <Notice title={t("rules:layout_unsaved")}>{t("rules:layout_draft")}</Notice>}
      {refusal && <FormProblem>{refusal}</FormProblem>}
      <Buttons>
        <Button
          loading={save.isPending}
          disabled={!dirty || outrun}
          onClick={() => send(specOf(draft), held.over)}
        >
          {t("rules:layout_save")}
        </Button>
        {dirty && (
          <Button variant="default" onClick={() => leave({ aside })}>
            {t("common:discard")}
          </Button>
        )}
        {saved && (
          <Button
            variant="subtle"
            color="gray"
            disabled={save.isPending || outrun}
            onClick={() => send(null, dirty ? held.over : saved.id)}
          >
            {t("rules:layout_reset")}
          </Button>
        )}
        <Button variant="subtle" color="gray" aria-expanded={history} onClick={() => setHistory(!history)}>
          {t("rules:layout_history")}
        </Button>
      </Buttons>
      {history && <History of={of} />}
    </Stacked>
  );
}

/** Whether a list of related records can be shown on cards of the entity. */
function useLinks(entity: Entity): (list: RelatedList) => boolean {
  const entities = useEntities();
  return useCallback(
    (list) => {
      const child = entities.find(({ key }) => key === list.entity);
      return child !== undefined && linksTo(child, entity.key).some(({ key }) => key === list.via);
    },
    [entities, entity.key],
  );
}

const isQuicker = (error: unknown) => error instanceof ApiError && error.code === "layout.changed";

/** Somebody else was quicker. */
function Outrun({ by, onLook, onOver }: { by?: SavedLayout; onLook(): void; onOver(): void }) {
  const { t } = useTranslation("rules");
  return (
    <Notice
      tone="warn"
      title={
        by
          ? t("layout_outrun", { name: by.by ?? t("layout_somebody"), at: formatDateTime(by.at) })
          : t("layout_outrun_product")
      }
      action={
        <Buttons>
          <Button variant="default" size="compact-sm" onClick={onLook}>
            {t("layout_theirs")}
          </Button>
          <Button variant="default" size="compact-sm" onClick={onOver}>
            {t("layout_over")}
          </Button>
        </Buttons>
      }
    >
      {t("layout_outrun_note")}
    </Notice>
  );
}

function History({ of }: { of: LayoutOf }) {
  const { t } = useTranslation(["rules", "common"]);
  const found = useQuery({ ...layoutHistoryQuery(of), staleTime: 0 });
  const restore = useMutation({
    mutationFn: restoreLayout,
    onSuccess: () => toast({ kind: "done", message: t("rules:layout_restored") }),
    onError: (error) => toastError(error),
  });
  if (found.isPending) return <BlockBones label={t("common:loading")} rows={2} />;
  if (found.isError) return <ErrorState error={found.error} retry={() => void found.refetch()} />;
  if (found.data.length === 0) return <Lead>{t("rules:layout_no_history")}</Lead>;
  return (
    <ItemList>
      {found.data.map((saved, index) => (
        <ItemLine key={saved.id}>
          <ItemBody
            title={formatDateTime(saved.at)}
            note={[saved.by, saved.layout ? sectionsOf(saved.layout) : t("rules:layout_product")]
              .filter(Boolean)
              .join(" · ")}
            aside={
              index === 0 ? (
                <Tag>{t("rules:layout_now")}</Tag>
              ) : (
                <Button
                  variant="default"
                  size="compact-sm"
                  loading={restore.isPending && restore.variables === saved.id}
                  onClick={() => restore.mutate(saved.id)}
                >
                  {t("common:restore")}
                </Button>
              )
            }
          />
        </ItemLine>
      ))}
    </ItemList>
  );
}

const sectionsOf = ({ sections, tabs = [] }: LayoutSpec) =>
  [...sections, ...tabs].map(({ title }) => titleIn(title, currentLocale())).join(", ");
