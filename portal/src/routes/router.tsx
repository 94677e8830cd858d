/** Every page of the portal and its address. Pages are loaded when first opened. */
import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError, MissingPage } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { entitiesQuery, meQuery } from "@/api/session";
import { draftsBelongTo, leaveDraftsAside } from "@/engines/drafts";
import {
  currentLocale,
  showLocale,
  withAdminTexts,
  withBlockTexts,
  withDrawingTexts,
  withGuestTexts,
  withImportTexts,
  withPluginTexts,
  withReportTexts,
  withWorkTexts,
} from "@/i18n";
import {
  compareSearch,
  dashboardSearch,
  definitionSearch,
  drawingSearch,
  funnelSearch,
  homeSearch,
  instanceSearch,
  journalSearch,
  plansSearch,
  pluginSearch,
  recordsSearch,
  reportSearch,
  salesSearch,
  settingsSearch,
  signInSearch,
  taskSearch,
  tasksSearch,
} from "@/state/search";
import { NotFound } from "@/ui/not-found";
import { ErrorState, PageSkeleton } from "@/ui/states";
import { SignedIn } from "./signed-in";

/** Loaded when first opened. Left to itself, the router loads the whole portal anew when a script is missing, and what
 * is typed with it. */
const page: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(
    () =>
      load().catch((cause: unknown) => {
        throw new MissingPage(cause);
      }),
    name,
  );

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: page(() => import("@/features/session/sign-in-page")),
});

const forgotten = createRoute({
  getParentRoute: () => root,
  path: "/forgotten",
  component: page(() => import("@/features/session/forgotten-page")),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: page(() => import("@/features/session/welcome-page")),
});

/** What a personal link opens, without an account. */
const guest = createRoute({
  getParentRoute: () => root,
  path: "/g",
  component: page(() => withGuestTexts(() => import("@/features/session/guest-page"))),
});

/** A page of a plugin for people without an account; what follows the `?` are its own parameters. */
const publicPage = createRoute({
  getParentRoute: () => root,
  path: "/p/$company/$plugin/$page",
  validateSearch: (search: Record<string, unknown>) => search,
  component: page(() => withGuestTexts(() => withBlockTexts(() => import("@/features/session/public-page")))),
});

/** Everything behind sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ location }) => {
    try {
      const [me] = await Promise.all([
        queryClient.ensureQueryData(meQuery),
        queryClient.ensureQueryData(entitiesQuery),
      ]);
      if (me.viewing) leaveDraftsAside();
      else draftsBelongTo(me.user.id);
      const locale = me.user.locale ?? me.tenant.locale;
      if (locale && locale !== currentLocale()) await showLocale(locale);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
      }
      throw error;
    }
  },
  component: SignedIn,
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: homeSearch,
  component: page(() => import("@/features/home/page")),
});

const entity = createRoute({ getParentRoute: () => shell, path: "/records/$entity" });

/** A section's address alone: the board where there are stages, else the list; the last choice of them and of the calendar is kept. */
const entityIndex = createRoute({
  getParentRoute: () => entity,
  path: "/",
  beforeLoad: async ({ params }) => {
    const entities = await queryClient.ensureQueryData(entitiesQuery);
    const staged = entities.find((item) => item.key === params.entity)?.staged ?? false;
    const kept = localStorage.getItem(`verstak.mode.${params.entity}`);
    const list = kept === "calendar" ? "/records/$entity/calendar" : "/records/$entity/list";
    throw redirect({
      to: kept === "list" || kept === "calendar" || !staged ? list : "/records/$entity/board",
      params,
      replace: true,
    });
  },
});

const board = createRoute({
  getParentRoute: () => entity,
  path: "/board",
  validateSearch: recordsSearch,
  component: page(() => import("@/features/records/board-page")),
});

const list = createRoute({
  getParentRoute: () => entity,
  path: "/list",
  validateSearch: recordsSearch,
  component: page(() => import("@/features/records/list-page")),
});

const calendar = createRoute({
  getParentRoute: () => entity,
  path: "/calendar",
  validateSearch: recordsSearch,
  component: page(() => withBlockTexts(() => import("@/features/records/calendar-page"))),
});

const record = createRoute({
  getParentRoute: () => entity,
  path: "/$id",
  component: page(() => import("@/features/records/record-page")),
});

const tasks = createRoute({
  getParentRoute: () => shell,
  path: "/tasks",
  validateSearch: tasksSearch,
  component: page(() => withWorkTexts(() => import("@/features/tasks/page"))),
});

const task = createRoute({
  getParentRoute: () => shell,
  path: "/tasks/$id",
  validateSearch: taskSearch,
  component: page(() => withWorkTexts(() => import("@/features/tasks/task-page"))),
});

const processes = createRoute({
  getParentRoute: () => shell,
  path: "/processes",
  component: page(() => withWorkTexts(() => import("@/features/processes/page"))),
});

const definition = createRoute({
  getParentRoute: () => shell,
  path: "/processes/$key",
  validateSearch: definitionSearch,
  component: page(() => withWorkTexts(() => import("@/features/processes/definition-page"))),
});

const drawingNew = createRoute({
  getParentRoute: () => shell,
  path: "/processes/drawings/new",
  validateSearch: drawingSearch,
  component: page(() => withDrawingTexts(() => import("@/features/drawings/new-page"))),
});

const drawing = createRoute({
  getParentRoute: () => shell,
  path: "/processes/drawings/$id",
  component: page(() => withDrawingTexts(() => import("@/features/drawings/drawing-page"))),
});

const compare = createRoute({
  getParentRoute: () => shell,
  path: "/processes/drawings/$id/compare",
  validateSearch: compareSearch,
  component: page(() => withDrawingTexts(() => import("@/features/drawings/compare-page"))),
});

const journal = createRoute({
  getParentRoute: () => shell,
  path: "/journal",
  validateSearch: journalSearch,
  component: page(() => withWorkTexts(() => import("@/features/processes/journal-page"))),
});

const instance = createRoute({
  getParentRoute: () => shell,
  path: "/instances/$id",
  validateSearch: instanceSearch,
  component: page(() => withWorkTexts(() => import("@/features/processes/instance-page"))),
});

const reports = createRoute({
  getParentRoute: () => shell,
  path: "/reports",
  component: page(() => withReportTexts(() => import("@/features/reports/page"))),
});

const reportNew = createRoute({
  getParentRoute: () => shell,
  path: "/reports/new",
  validateSearch: reportSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/builder-page"))),
});

const reportSaved = createRoute({
  getParentRoute: () => shell,
  path: "/reports/saved/$id",
  validateSearch: reportSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/saved-page"))),
});

const funnel = createRoute({
  getParentRoute: () => shell,
  path: "/reports/funnel",
  validateSearch: funnelSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/funnel-page"))),
});

const forecast = createRoute({
  getParentRoute: () => shell,
  path: "/reports/forecast",
  validateSearch: salesSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/forecast-page"))),
});

const managers = createRoute({
  getParentRoute: () => shell,
  path: "/reports/managers",
  validateSearch: salesSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/managers-page"))),
});

const plans = createRoute({
  getParentRoute: () => shell,
  path: "/reports/plans",
  validateSearch: plansSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/plans-page"))),
});

const dashboard = createRoute({
  getParentRoute: () => shell,
  path: "/dashboards/$id",
  validateSearch: dashboardSearch,
  component: page(() => withReportTexts(() => import("@/features/reports/dashboard-page"))),
});

const imports = createRoute({
  getParentRoute: () => shell,
  path: "/imports",
  component: page(() => withImportTexts(() => import("@/features/imports/page"))),
});

const importNew = createRoute({
  getParentRoute: () => shell,
  path: "/imports/new",
  validateSearch: (search: Record<string, unknown>): { entity?: string } =>
    typeof search.entity === "string" ? { entity: search.entity } : {},
  component: page(() => withImportTexts(() => import("@/features/imports/new-page"))),
});

const importOne = createRoute({
  getParentRoute: () => shell,
  path: "/imports/$id",
  component: page(() => withImportTexts(() => import("@/features/imports/import-page"))),
});

const plugins = createRoute({
  getParentRoute: () => shell,
  path: "/plugins",
  component: page(() => withPluginTexts(() => import("@/features/plugins/page"))),
});

const plugin = createRoute({
  getParentRoute: () => shell,
  path: "/plugins/$id",
  validateSearch: pluginSearch,
  component: page(() => withPluginTexts(() => import("@/features/plugins/plugin-page"))),
});

/** A page that a plugin declared; what follows the `?` are its own parameters. */
const pluginPage = createRoute({
  getParentRoute: () => shell,
  path: "/app/$plugin/$page",
  validateSearch: (search: Record<string, unknown>) => search,
  component: page(() => withBlockTexts(() => import("@/features/pages/page"))),
});

const settingsIndex = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ to: "/settings/$section", params: { section: "profile" }, replace: true });
  },
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings/$section",
  validateSearch: settingsSearch,
  component: page(() => withAdminTexts(() => import("@/features/settings/page"))),
});

/** An address that leads nowhere: the sections stay at hand. */
const nowhere = createRoute({ getParentRoute: () => shell, path: "$", component: NotFound });

/** Every component at once; the built portal does not carry it. */
const gallery = import.meta.env.DEV
  ? [
      createRoute({
        getParentRoute: () => root,
        path: "/ui",
        component: page(() => import("@/features/gallery/page")),
      }),
      createRoute({
        getParentRoute: () => root,
        path: "/ui/blocks",
        component: page(() => withBlockTexts(() => import("@/features/gallery/blocks"))),
      }),
    ]
  : [];

const tree = root.addChildren([
  ...gallery,
  signIn,
  forgotten,
  welcome,
  guest,
  publicPage,
  shell.addChildren([
    home,
    entity.addChildren([entityIndex, board, list, calendar, record]),
    tasks,
    task,
    processes,
    definition,
    drawingNew,
    drawing,
    compare,
    journal,
    instance,
    reports,
    reportNew,
    reportSaved,
    funnel,
    forecast,
    managers,
    plans,
    dashboard,
    imports,
    importNew,
    importOne,
    plugins,
    plugin,
    pluginPage,
    settingsIndex,
    settings,
    nowhere,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
  defaultNotFoundComponent: NotFound,
});

/** Loads the scripts of the page at the present address beside the first questions, not after them. */
export function loadPageAhead(): void {
  const routes: Record<string, AnyRoute | undefined> = router.routesById;
  for (const match of router.matchRoutes(router.latestLocation) as { routeId: string }[]) {
    const route = routes[match.routeId];
    if (route) Promise.resolve(router.loadRouteChunk(route)).catch(() => undefined);
  }
}

/** In an idle moment: the pages people go to most are there also when the line is gone. */
export function loadPagesAhead(): void {
  const wait = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 2_000));
  wait(() => {
    for (const route of [home, board, list, record] as AnyRoute[]) {
      Promise.resolve(router.loadRouteChunk(route)).catch(() => undefined);
    }
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
