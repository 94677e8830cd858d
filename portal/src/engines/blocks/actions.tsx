/**
 * Actions of a page: one verb each. What can be put back is done at once, with a way back; what cannot asks first. A
 * click has a key: a repeat after a lost line does nothing twice.
 */
import { Button, Loader, Menu, Tooltip } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { createContext, lazy, type ReactNode, Suspense, use, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { Spoken } from "@/ui/block-frame";
import { IconAction } from "@/ui/icon-action";
import type { SwipeSide } from "@/ui/swipe-row";
import { toast } from "@/ui/toast";
import { ScopeContext, usePage, useSay } from "./context";
import { isTrue, plain } from "./environment";
import { RefusedRows } from "./refused-rows";
import type { Action, Given } from "./tree";
import { NothingDone, Refused, type RefusedRow, type Said, scopeOf, type Target, useVerbs } from "./verbs";

export type { Target } from "./verbs";

// Its fields are more than all the rest of a page: they come with the first question.
const AskDialog = lazy(() => import("./ask-dialog"));

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

/** After these the rows are another thing than what was chosen. */
const changesRows = ({ act, update, stage, delete: gone }: Action): boolean =>
  Boolean(act ?? update ?? stage ?? gone);

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

  const refusedRows = (rows: RefusedRow[], title: string, said?: string) =>
    toast({ kind: "error", title, message: <RefusedRows said={said} rows={rows} /> });
  const finish = (action: Action, target: Target, said: Said) => {
    const refused = said?.refused ?? [];
    if (said?.message) {
      toast({
        message: said.message,
        kind: said.danger ? "error" : "plain",
        action: said.undo && { label: t("common:undo"), run: said.undo },
      });
    }
    if (refused.length > 0) refusedRows(refused, t("blocks:rows_refused", { count: refused.length }));
    if (changesRows(action)) target.onDone?.(refused.map(({ id }) => id));
  };
  const fail = (error: unknown) => {
    if (error instanceof NothingDone) {
      refusedRows(error.refused, t("blocks:not_done"), error.message);
      return;
    }
    const plainWords = error instanceof Error && error.constructor === Error;
    const message =
      error instanceof Refused || plainWords ? error.message : messageOf(error, t("common:network"));
    toast({ kind: "error", title: t("blocks:not_done"), message });
  };
  const run = (action: Action, target: Target = {}, after?: () => void) => {
    if (action.confirm || action.ask) setAsked({ action, target, after });
    else {
      const end = running.begin(action, target);
      if (!end) return;
      void verbs(action, target, {}, newKey())
        .then((said) => finish(action, target, said))
        .catch((error: unknown) => {
          if (!(error instanceof Refused && target.onRefused?.(error.fields))) fail(error);
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
        <Suspense>
          <AskDialog
            {...asked}
            onClose={() => {
              setAsked(undefined);
              asked.after?.();
            }}
            onDo={async (input, key) =>
              finish(asked.action, asked.target, await verbs(asked.action, asked.target, input, key))
            }
          />
        </Suspense>
      )}
    </ActionsContext>
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

/** What a finger that pushes a row aside does: the first action of that way which may be done now. */
export function useSwipes(actions: Action[] | undefined, target: Target) {
  const { run, isBusy } = useActions();
  const say = useSay();
  const { environment, shown } = useShown(actions, target);
  const side = (way: Action["swipe"]): SwipeSide | undefined => {
    const action = shown.find((one) => one.swipe === way && isTrue(one.enabled, environment));
    if (!action || isBusy(undefined, target)) return undefined;
    return { label: say(action.label, environment), tone: action.tone, run: () => run(action, target) };
  };
  return { left: side("left"), right: side("right") };
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
