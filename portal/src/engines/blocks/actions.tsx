/**
 * Actions of a page: one verb each. What can be put back is done at once, with a way back; what cannot asks first. A
 * click has a key: a repeat after a lost line does nothing twice.
 */
import { Button, Loader, Menu, Modal, Tooltip } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { createContext, type ReactNode, use, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf, NetworkError } from "@/api/problem";
import type { Fields } from "@/api/types";
import { AskButtons, AskFields, Spoken } from "@/ui/block-frame";
import { IconAction } from "@/ui/icon-action";
import { toast } from "@/ui/toast";
import { ScopeContext, shapeOf, usePage, useSay } from "./context";
import { isTrue, plain, resolve } from "./environment";
import { Lines, useReason } from "./form/lines";
import { type Asked, changed, fieldOfInput, judge, reasonsOf, sentOf } from "./form/model";
import { watchJob } from "./jobs";
import type { PageStore, Scope } from "./page-store";
import type { Action, Given, OpenTarget } from "./tree";
import type { ActAnswer, SourceRow } from "./wire";

export interface Target {
  source?: string;
  row?: SourceRow;
  rows?: SourceRow[];
  form?: Record<string, unknown>;
}

interface Actions {
  /**
   * `after` is called when it is done, refused or given up. While the same action is under way on the same rows nothing
   * is begun.
   */
  run(action: Action, target?: Target, after?: () => void): void;
  /** Whether the action, or any without one, is under way on these rows. */
  isBusy(action: Action | undefined, target?: Target): boolean;
  /** On a row by its id: a click on a bar, an event, a point. */
  runOn(action: Action, source: string, id: string): void;
}

const ActionsContext = createContext<Actions>({
  run: () => undefined,
  isBusy: () => false,
  runOn: () => undefined,
});
export const useActions = (): Actions => use(ActionsContext);

const scopeOf = ({ source, row, form }: Target): Scope => ({
  row: source !== undefined && row ? { source, row } : undefined,
  form,
});

interface Running {
  action: Action;
  place: string;
}
/** What an action stands on: the same place is the same press. */
const placeOf = ({ source, row, rows }: Target): string =>
  JSON.stringify([source, row?.id, rows?.map(({ id }) => id)]);

/** Presses that are not answered yet. The list itself is read at once, not at the next drawing. */
function useRunning() {
  const list = useRef<Running[]>([]);
  const [shown, setShown] = useState<Running[]>([]);
  const put = (next: Running[]) => {
    list.current = next;
    setShown(next);
  };
  const isIn = (all: Running[], action: Action | undefined, target: Target) => {
    const place = placeOf(target);
    return all.some((one) => (!action || one.action === action) && one.place === place);
  };
  return {
    isBusy: (action: Action | undefined, target: Target = {}) => isIn(shown, action, target),
    /** Undefined while the same is under way; the answer ends it. */
    begin(action: Action, target: Target): (() => void) | undefined {
      if (isIn(list.current, action, target)) return undefined;
      const one = { action, place: placeOf(target) };
      put([...list.current, one]);
      return () => put(list.current.filter((other) => other !== one));
    },
  };
}

/** Refusals beside the inputs that were asked. */
class Refused extends Error {
  constructor(readonly fields: Record<string, string>) {
    super(Object.values(fields)[0] ?? "");
  }
}

type Said = { message: string; undo?: () => void } | undefined;

function useVerbs(): (action: Action, target: Target, input: Fields, key: string) => Promise<Said> {
  const page = usePage();
  const say = useSay();
  const { t } = useTranslation("blocks");
  return async (action, target, input, key) => {
    const environment = page.environment({ ...scopeOf(target), form: { ...target.form, ...input } });
    const value = <T,>(given: unknown): T => {
      const resolved = resolve(given, environment);
      if ("waiting" in resolved) throw new Error(t("not_yet"));
      return resolved.value as T;
    };
    const rows = target.rows ?? (target.row ? [target.row] : []);
    const { backend } = page.setup;
    const said = await verb();
    page.setup.onChanged?.();
    for (const next of action.then ?? []) {
      if (next === "refresh") page.sources.refresh();
      else if (next === "close") page.setup.onClose?.();
      else if (next === "next") page.setup.onNext?.();
      else page.setup.onOpen?.(value<OpenTarget>(next.open));
    }
    return said;

    async function verb(): Promise<Said> {
      if (action.create) {
        const { entity, fields } = value<{ entity: string; fields: Fields }>(action.create);
        const place = page.sourceOf(entity);
        if (place) await page.create(place, entity, { ...fields, ...input });
        else await backend.create(entity, { ...fields, ...input }, key);
        return { message: t("created") };
      }
      if (action.update) return each(rows, (row) => changeRow(row, value<Fields>(action.update)));
      if (action.delete) return each(rows, removeRow);
      if (action.stage !== undefined) return each(rows, (row) => stageRow(row, value<string>(action.stage)));
      if (action.act) return act();
      if (action.open) return page.setup.onOpen?.(value<OpenTarget>(action.open)) as undefined;
      if (action.form) return page.setup.onForm?.(value(action.form)) as undefined;
      if (action.call !== undefined) {
        window.location.assign(`tel:${String(value(action.call)).replace(/[^\d+]/g, "")}`);
        return undefined;
      }
      if (action.set) return page.set(value(action.set)) as undefined;
      if (action.process) {
        await backend.startProcess(action.process, target.row);
        return { message: t("started") };
      }
      if (action.complete !== undefined) {
        await backend.completeTask(value<string>(action.complete), input);
        return { message: t("completed") };
      }
      if (action.download) {
        const link = document.createElement("a");
        link.href = backend.downloadUrl(value(action.download));
        link.download = "";
        link.click();
      }
      return undefined;
    }

    async function each(chosen: SourceRow[], one: (row: SourceRow) => Promise<Said>): Promise<Said> {
      if (chosen.length === 1 && chosen[0]) return one(chosen[0]);
      const refused: string[] = [];
      const undo: (() => void)[] = [];
      for (const row of chosen) {
        try {
          const done = await one(row);
          if (done?.undo) undo.push(done.undo);
        } catch (error) {
          refused.push(messageOf(error, t("no_line")));
        }
      }
      if (refused.length === chosen.length && refused[0]) throw new Error(refused[0]);
      const count = chosen.length - refused.length;
      const message =
        refused.length > 0 ? t("done_but", { count, reason: refused[0] }) : t("done", { count });
      return { message, undo: undo.length > 0 ? () => void undo.map((back) => back()) : undefined };
    }

    async function changeRow(row: SourceRow, patch: Fields): Promise<Said> {
      const source = target.source ?? "";
      const before = Object.fromEntries(Object.keys(patch).map((name) => [name, row.fields[name] ?? null]));
      await page.save(source, row, { ...patch, ...input });
      const now = page.source(source).rows?.find(({ id }) => id === row.id) ?? row;
      return { message: t("changed"), undo: () => void page.save(source, now, before).catch(fail) };
    }

    async function removeRow(row: SourceRow): Promise<Said> {
      const source = target.source ?? "";
      const entity = page.entityOf(source, row);
      await page.remove(source, row);
      const restore = backend.restore;
      if (!restore) return { message: t("removed") };
      const undo = () =>
        void restore(entity, row.id)
          .then(() => page.sources.show(source, (shown) => [...shown, row]))
          .catch(fail);
      return { message: t("removed"), undo };
    }

    async function stageRow(row: SourceRow, stage: string): Promise<Said> {
      const source = target.source ?? "";
      const entity = page.entityOf(source, row);
      const before = row.fields.stage;
      const back = page.sources.show(source, (shown) =>
        shown.map((one) => (one.id === row.id ? { ...one, fields: { ...one.fields, stage } } : one)),
      );
      try {
        page.take(source, await backend.stage(row, entity, stage));
      } catch (error) {
        back();
        throw error;
      }
      const undo = () =>
        void backend
          .stage(row, entity, String(before))
          .then((saved) => page.take(source, saved))
          .catch(fail);
      return { message: t("changed"), undo: typeof before === "string" ? undo : undefined };
    }

    async function act(): Promise<Said> {
      const shows = action.shows && value<Fields>(action.shows);
      const ids = new Set(rows.map(({ id }) => id));
      const back =
        shows && target.source
          ? page.sources.show(target.source, (shown) =>
              shown.map((one) => (ids.has(one.id) ? { ...one, fields: { ...one.fields, ...shows } } : one)),
            )
          : undefined;
      let answer: ActAnswer;
      try {
        answer = await backend.act(
          {
            ...page.context(),
            act: action.act ?? "",
            row: target.row && { id: target.row.id, entity: target.row.entity },
            rows: target.rows?.map(({ id }) => id),
            input: { ...value<Fields>(action.input ?? {}), ...input },
          },
          key,
        );
      } catch (error) {
        back?.();
        throw error;
      }
      if (answer.errors && Object.keys(answer.errors).length > 0) {
        back?.();
        throw new Refused(answer.errors);
      }
      return applied(page, answer, say(action.label));
    }

    function fail(error: unknown): void {
      toast({ kind: "error", message: messageOf(error, t("no_line")) });
    }
  };
}

function applied(page: PageStore, answer: ActAnswer, label: string): Said {
  let message = "";
  const { job } = answer;
  if (job) {
    const renew = () => page.sources.refresh();
    watchJob(page.setup.backend, { id: job.id, label }, renew, job);
  }
  for (const patch of answer.patches ?? []) {
    if (patch.op === "toast") message = patch.text;
    else if (patch.op === "download") window.location.assign(patch.url);
    else page.apply(patch);
  }
  const refused = answer.refused?.[0];
  if (refused) message = `${message} ${refused.detail}`.trim();
  return message ? { message } : undefined;
}

export function ActionsHost({ children }: { children: ReactNode }) {
  const page = usePage();
  const { t } = useTranslation(["blocks", "common"]);
  const verbs = useVerbs();
  const running = useRunning();
  const [asked, setAsked] = useState<{
    action: Action;
    target: Target;
    after?: (() => void) | undefined;
  }>();

  const finish = (said: Said) => {
    if (!said) return;
    toast({
      message: said.message,
      action: said.undo && { label: t("common:undo"), run: said.undo },
    });
  };
  const run = (action: Action, target: Target = {}, after?: () => void) => {
    if (action.confirm || action.ask) setAsked({ action, target, after });
    else {
      const end = running.begin(action, target);
      if (!end) return;
      void verbs(action, target, {}, newKey())
        .then(finish)
        .catch((error: unknown) => {
          const plainWords = error instanceof Error && error.constructor === Error;
          const message =
            error instanceof Refused || plainWords ? error.message : messageOf(error, t("common:network"));
          toast({ kind: "error", title: t("blocks:not_done"), message });
        })
        .finally(() => {
          end();
          after?.();
        });
    }
  };
  const runOn = (action: Action, source: string, id: string) => {
    const row = page.source(source).rows?.find((one) => one.id === id);
    if (row) run(action, { source, row });
  };
  return (
    <ActionsContext value={{ run, isBusy: running.isBusy, runOn }}>
      {children}
      {asked && (
        <AskDialog
          {...asked}
          onClose={() => {
            setAsked(undefined);
            asked.after?.();
          }}
          onDo={async (input, key) => finish(await verbs(asked.action, asked.target, input, key))}
        />
      )}
    </ActionsContext>
  );
}

interface AskProps {
  action: Action;
  target: Target;
  onClose(): void;
  onDo(input: Fields, key: string): Promise<void>;
}

/** Up to five inputs, and what is to be confirmed; a refusal leaves what was typed. */
function AskDialog({ action, target, onClose, onDo }: AskProps) {
  const { t } = useTranslation(["blocks", "common"]);
  const page = usePage();
  const say = useSay();
  const reason = useReason();
  const scope = scopeOf(target);
  const [values, setValues] = useState<Fields>({});
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const key = useRef(newKey());
  const [refusals, setRefusals] = useState<Record<string, string>>({});
  const environment = page.environment({ ...scope, form: values });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `say` is made anew each time
  const asked = useMemo(
    () =>
      (action.ask ?? []).map((input): Asked => {
        const choices = (input.choices ?? []).map((one) => ({ value: one.value, label: say(one.label) }));
        return { name: input.name, input, field: fieldOfInput(input, say(input.label), choices) };
      }),
    [action.ask],
  );
  const judged = judge({}, asked, environment);
  const reasons = reasonsOf(judged, values, environment);
  const send = async () => {
    setTried(true);
    if (reasons.size > 0 || sending.current) return;
    sending.current = true;
    setBusy(true);
    try {
      await onDo(sentOf(judged, values, {}), key.current);
      onClose();
    } catch (error) {
      // What was answered is another press the next time; a lost line is the same one again.
      if (!(error instanceof NetworkError)) key.current = newKey();
      setRefusals(error instanceof Refused ? error.fields : { "": messageOf(error, t("common:network")) });
    }
    sending.current = false;
    setBusy(false);
  };
  const general = Object.entries(refusals).find(([name]) => !asked.some((one) => one.name === name))?.[1];
  return (
    <Modal
      opened
      onClose={onClose}
      title={say(action.label, environment)}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <AskFields>
          {action.confirm && <p>{say(action.confirm, environment)}</p>}
          {general && <p role="alert">{general}</p>}
          <Lines
            shape={shapeOf("ask", { loading: false })}
            asked={judged.steps[0]?.asked ?? []}
            judged={judged}
            values={values}
            refs={{}}
            environment={environment}
            focus
            reasonFor={(name) =>
              refusals[name] ?? (tried ? reason(reasons.get(name), environment) : undefined)
            }
            onChange={(name, value) => {
              setValues((old) => changed(asked, old, name, value));
              setRefusals({});
            }}
          />
        </AskFields>
        <AskButtons>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button type="submit" loading={busy} color={action.tone === "danger" ? "red" : undefined}>
            {say(action.label, environment)}
          </Button>
        </AskButtons>
      </form>
    </Modal>
  );
}

/** The actions that are shown now, in the scope they stand in. */
function useShown(actions: Action[] | undefined, target: Target | undefined) {
  const page = usePage();
  const around = use(ScopeContext);
  const scope = target ? { ...around, ...scopeOf(target) } : around;
  const environment = page.environment(scope);
  const { subject } = page.setup;
  const whole: Target = target ?? {
    source: around.row?.source,
    row: around.row?.row ?? subject?.row,
    rows: around.row ? undefined : subject?.rows,
    form: around.form,
  };
  const given = <T,>(value: Given<T> | undefined) => plain(value, environment);
  return {
    environment,
    target: whole,
    given,
    shown: (actions ?? []).filter((action) => isTrue(action.when, environment)),
  };
}

export function ActionButtons({ actions, target }: { actions: Action[] | undefined; target?: Target }) {
  const { run, isBusy } = useActions();
  const say = useSay();
  const { environment, target: whole, shown } = useShown(actions, target);
  return shown.map((action, index) => {
    const enabled = isTrue(action.enabled, environment);
    const why = enabled ? undefined : say(action.why, environment);
    const busy = isBusy(action, whole);
    const button = (
      <Button
        key={index}
        variant={action.tone === "accent" ? "filled" : "default"}
        c={action.tone === "danger" ? "var(--danger)" : undefined}
        leftSection={busy ? <Loader size={14} /> : action.icon && <IconAction name={action.icon} />}
        aria-busy={busy || undefined}
        // The focus stays on it while it works, so it is not truly disabled.
        data-disabled={!enabled || busy || undefined}
        aria-disabled={!enabled || busy || undefined}
        onClick={() => enabled && !busy && run(action, whole)}
      >
        {say(action.label, environment)}
        {why && <Spoken>. {why}</Spoken>}
      </Button>
    );
    return why ? (
      <Tooltip key={index} label={why}>
        {button}
      </Tooltip>
    ) : (
      button
    );
  });
}

/** The actions of a row behind three dots. */
export function ActionMenu({ actions, target, label }: { actions: Action[]; target: Target; label: string }) {
  const { run, isBusy } = useActions();
  const say = useSay();
  const { environment, shown } = useShown(actions, target);
  if (shown.length === 0) return null;
  const busy = isBusy(undefined, target);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={label}
          aria-busy={busy || undefined}
        >
          {busy ? <Loader size={14} color="gray" /> : <IconDots size={16} />}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {shown.map((action, index) => {
          const enabled = isTrue(action.enabled, environment);
          const why = enabled ? "" : say(action.why, environment);
          return (
            <Menu.Item
              key={index}
              leftSection={action.icon && <IconAction name={action.icon} />}
              color={action.tone === "danger" ? "red" : undefined}
              disabled={!enabled || isBusy(action, target)}
              onClick={() => run(action, target)}
            >
              {say(action.label, environment)}
              {why && ` — ${why}`}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
