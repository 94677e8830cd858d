/**
 * A form over an entity, a record or inputs of its own; with steps it is a wizard. What is typed is a draft of this tab
 * until it is sent; what is hidden is neither required nor sent, and stays in the draft.
 */
import { Button } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { ApiError, messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import type { Fields, Refs, Value } from "@/api/types";
import { type Target, useActions } from "@/engines/blocks/actions";
import { shapeOf, useGiven, usePage, useSay } from "@/engines/blocks/context";
import { resolve } from "@/engines/blocks/environment";
import { TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import type { FormBlock } from "@/engines/blocks/tree";
import { Refused } from "@/engines/blocks/verbs";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { fieldOf } from "@/engines/fields/text";
import { defaultsOf } from "@/engines/form/fields";
import { Secondary, Steps } from "@/ui/block";
import { AskButtons, AskFields, FailureCard, Spoken } from "@/ui/block-frame";
import { toast } from "@/ui/toast";
import { useFormFocus } from "./focus";
import { Lines, useReason } from "./lines";
import { type Asked, changed, fieldOfInput, judge, type Reason, reasonsOf, sentOf } from "./model";

interface Draft {
  values: Fields;
  refs: Refs;
  step: number;
}

export default function FormView({ block }: { block: FormBlock }) {
  if (block.fields.length > most.formFields) {
    return <TooLarge size={block.fields.length} most={most.formFields} />;
  }
  return <FormBody block={block} />;
}

/** Everything the form may ask: fields of the entity by name, inputs of its own. */
function useAsked(block: FormBlock) {
  const say = useSay();
  const page = usePage();
  const entities = useEntities();
  const entity = entities.find(({ key }) => key === block.entity);
  const placed = block.entity ? page.sourceOf(block.entity) : undefined;
  const shown = placed === undefined ? undefined : page.source(placed).shape;
  const known = shown ?? entity ?? shapeOf(block.id ?? "form", { loading: false });
  const texts = page.setup.locale;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `say` is made anew each time, and speaks the language of `texts`
  const asked = useMemo(
    () =>
      block.fields.flatMap((one): Asked[] => {
        if (typeof one === "string") {
          const field = fieldOf(known, one);
          return field ? [{ name: one, field }] : [];
        }
        const own = fieldOf(known, one.name);
        const choices = (one.choices ?? []).map(({ value, label }) => ({ value, label: say(label) }));
        const made = fieldOfInput(one, say(one.label), choices);
        return [
          { name: one.name, input: one, field: own && !one.type ? { ...own, label: made.label } : made },
        ];
      }),
    [block, known, texts],
  );
  return { asked, shape: known };
}

function FormBody({ block }: { block: FormBlock }) {
  const { t } = useTranslation(["blocks", "common"]);
  const page = usePage();
  const say = useSay();
  const reason = useReason();
  const actions = useActions();
  const { asked, shape } = useAsked(block);
  const recordId = useGiven(block.record);
  const row = useRow(block, recordId);
  const target: Target = { source: row?.source, row: row?.row };
  const place = `page.${page.setup.plugin}.${page.setup.surface}.${block.id ?? "form"}.${recordId ?? ""}`;
  const [draft, setDraft] = useState<Draft>(
    () => readDraft<Draft>(place) ?? { values: {}, refs: {}, step: 0 },
  );
  const now = useRef(draft);
  const [tried, setTried] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();
  const key = useRef(newKey());
  const first = useFirst(block, asked, row?.row.fields);
  const values = { ...first, ...(block.live ? livingParams(asked, page.params) : {}), ...draft.values };
  const environment = page.environment({ form: values });
  const judged = judge(block, asked, environment, !block.record);
  const reasons = reasonsOf(judged, values, environment, block.check);
  const at = Math.min(draft.step, Math.max(0, judged.steps.length - 1));
  const step = judged.steps[at];
  const last = at === judged.steps.length - 1;

  const put = (next: Draft) => {
    now.current = next;
    setDraft(next);
    if (!block.live) keepDraft(place, next);
  };
  const change = (name: string, value: Value, refs?: Refs) => {
    const known = now.current;
    const next = changed(asked, { ...first, ...known.values }, name, value);
    // Only what differs from the beginning is the person's own.
    const typed = Object.fromEntries(
      Object.entries(next).filter(([one, given]) => one in known.values || given !== first[one]),
    );
    put({ ...known, values: { ...typed, [name]: value }, refs: { ...known.refs, ...refs } });
    setRefusal(undefined);
    if (block.live) page.set({ params: { [name]: value ?? null } }, typeof value === "string");
  };
  const refused = refusal instanceof ApiError ? refusal : undefined;
  const shownReason = (name: string): string | undefined => {
    const server = refusal instanceof Refused ? refusal.fields[name] : refused?.fieldMessage(name);
    if (server) return server;
    const own: Reason | undefined = reasons.get(name);
    // What cannot be read says so at once; what is missing only after trying to go on.
    const eager = own && ("text" in own || own.key !== "needed");
    return own && (eager || tried.has(step?.id ?? "")) ? reason(own, environment) : undefined;
  };
  const focus = useFormFocus(() =>
    (step?.asked ?? [])
      .flatMap(({ name, field }) => {
        const wrong = shownReason(name);
        return wrong ? [`${field.label}: ${wrong}`] : [];
      })
      .join(" "),
  );
  const stops = (step?.asked ?? []).some(({ name }) => reasons.has(name));
  const whole = last && reasons.get("");

  const next = () => {
    setTried((old) => new Set(old).add(step?.id ?? ""));
    if (stops) {
      focus.refused(reasons.keys());
      return;
    }
    put({ ...now.current, step: at + 1 });
  };
  /** The refusals of an action of this form stand beside its fields. */
  const refuse = (fields: Record<string, string>): boolean => {
    if (!asked.some(({ name }) => name in fields)) return false;
    setRefusal(new Refused(fields));
    focus.refused(Object.keys(fields));
    return true;
  };
  const beginAnew = () => {
    dropDraft(place);
    now.current = { values: {}, refs: {}, step: 0 };
    setDraft(now.current);
    setTried(new Set());
    focus.sent();
  };
  const submit = async () => {
    setTried(new Set(judged.steps.map(({ id }) => id)));
    const wrong = judged.steps.findIndex((one) => one.asked.some(({ name }) => reasons.has(name)));
    if (wrong >= 0 && wrong !== at) put({ ...now.current, step: wrong });
    if (wrong >= 0 || whole) {
      focus.refused(reasons.keys());
      return;
    }
    const sent = sentOf(judged, values, row ? {} : first);
    if (block.submit) {
      const done = page.setup.forgets ? { onDone: beginAnew } : {};
      actions.run(block.submit, { ...target, form: sent, onRefused: refuse, ...done });
      return;
    }
    setBusy(true);
    try {
      if (row) await page.save(row.source, row.row, changesOf(sent, row.row.fields, judged));
      else if (block.entity) {
        const source = page.sourceOf(block.entity);
        if (source) await page.create(source, block.entity, sent);
        else await page.setup.backend.create(block.entity, sent, key.current);
      }
      key.current = newKey();
      toast({ message: t("common:saved") });
      beginAnew();
    } catch (error) {
      if (error instanceof ApiError) key.current = newKey();
      setRefusal(error);
      focus.refused(error instanceof ApiError ? Object.keys(error.problem.fields ?? {}) : []);
    }
    setBusy(false);
  };

  const names = new Set(asked.map(({ name }) => name));
  const elsewhere =
    refusal !== undefined &&
    !(refusal instanceof Refused) &&
    (!refused || !Object.keys(refused.problem.fields ?? {}).some((name) => names.has(name)));
  const dirty = Object.keys(draft.values).length > 0;
  return (
    <form
      ref={focus.form}
      noValidate
      aria-label={say(block.title) || t("blocks:form")}
      onSubmit={(event) => {
        event.preventDefault();
        if (last) void submit();
        else next();
      }}
    >
      {block.steps && (
        <Steps label={t("blocks:steps")} steps={judged.steps.map((one) => say(one.title))} current={at} />
      )}
      <div role="status">
        <Spoken>{focus.spoken}</Spoken>
      </div>
      <AskFields>
        {elsewhere && (
          <FailureCard title={t("blocks:not_saved")} text={messageOf(refusal, t("common:network"))} />
        )}
        {whole && tried.size > 0 && <FailureCard title={reason(whole, environment) ?? ""} />}
        <Lines
          shape={shape}
          asked={step?.asked ?? []}
          judged={judged}
          values={values}
          refs={draft.refs}
          environment={environment}
          focus={false}
          reasonFor={shownReason}
          onChange={change}
        />
      </AskFields>
      {!block.live && (
        <AskButtons>
          {dirty && <Secondary>{t("blocks:draft_kept")}</Secondary>}
          {at > 0 && (
            <Button variant="default" onClick={() => put({ ...now.current, step: at - 1 })}>
              {t("common:back")}
            </Button>
          )}
          <Button type="submit" loading={busy || (block.submit && actions.isBusy(block.submit, target))}>
            {last ? (block.submit ? say(block.submit.label) : t("common:save")) : t("blocks:next")}
          </Button>
        </AskButtons>
      )}
    </form>
  );
}

/** The row of the record, in whichever source shows it. */
function useRow(block: FormBlock, id: string | undefined) {
  const page = usePage();
  if (!block.record || !id) return undefined;
  for (const source of Object.keys(page.setup.tree.sources ?? {})) {
    const row = page.source(source).rows?.find((one) => one.id === id);
    if (row) return { source, row };
  }
  return undefined;
}

/** What stands in the form before anything is typed. */
function useFirst(block: FormBlock, asked: Asked[], record: Fields | undefined): Fields {
  const page = usePage();
  const resolved = resolve(block.defaults ?? {}, page.environment());
  const defaults = ("value" in resolved ? resolved.value : {}) as Fields;
  const own: Fields = {};
  for (const { name, input } of asked) {
    if (input?.default === undefined) continue;
    const value = resolve(input.default, page.environment());
    if ("value" in value) own[name] = value.value;
  }
  // A record that is shown, loaded or not, has what it has.
  const fresh = block.record ? {} : defaultsOf(asked.map(({ field }) => field));
  return { ...fresh, ...own, ...defaults, ...record };
}

/** Of the page's parameters those that say something: where one does not, the form's own beginning counts. */
const livingParams = (asked: Asked[], params: Record<string, unknown>): Fields =>
  Object.fromEntries(
    asked.filter(({ name }) => params[name] != null).map(({ name }) => [name, params[name]]),
  );

/** What changes of the record: also what was emptied. */
function changesOf(sent: Fields, before: Fields, judged: ReturnType<typeof judge>): Fields {
  const changes: Fields = {};
  for (const { name } of judged.steps.flatMap((step) => step.asked)) {
    const value = sent[name] ?? null;
    if (JSON.stringify(value) !== JSON.stringify(before[name] ?? null)) changes[name] = value;
  }
  return changes;
}
