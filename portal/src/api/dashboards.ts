/** Dashboards and the first page: their cards, and the figures of all cards in one answer. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { newKey, request } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Dashboard, DashboardAnswer, DashboardInput, HomeRole, PeriodInput } from "./reports-wire";
import type { Filter, Id } from "./types";

export const dashboardsQuery = queryOptions({
  queryKey: keys.dashboards,
  queryFn: ({ signal }) =>
    request<{ items: Dashboard[] }>("GET", "/dashboards", undefined, { signal }).then(({ items }) => items),
});

export const dashboardQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.dashboard(id),
    queryFn: ({ signal }) =>
      request<Dashboard>("GET", "/dashboards/{id}", undefined, { path: { id }, signal }),
  });

/** Of the reader's role, or of another of theirs. */
export const homeQuery = (role?: HomeRole) =>
  queryOptions({
    queryKey: keys.home(role ?? ""),
    queryFn: ({ signal }) =>
      request<Dashboard>("GET", "/dashboards/home", undefined, { query: { role }, signal }),
  });

export interface HomeView {
  role: HomeRole;
  label: string;
  mine: boolean;
  changed: boolean;
}

export const homesQuery = queryOptions({
  queryKey: keys.homes,
  queryFn: ({ signal }) =>
    request<{ items: HomeView[] }>("GET", "/dashboards/homes", undefined, { signal }).then(
      ({ items }) => items,
    ),
});

export interface DashboardAsked {
  period?: PeriodInput | null;
  filter?: Record<string, Filter> | null;
  /** Not what was kept a moment ago. */
  fresh?: boolean;
}

/** `of`: a dashboard's id, or the home of a role. */
export const figuresQuery = (of: { id: Id } | { role?: HomeRole }, asked: DashboardAsked, version: number) =>
  queryOptions({
    queryKey: keys.dashboardFigures("id" in of ? of.id : `home ${of.role ?? ""}`, { asked, version }),
    queryFn: ({ signal }) =>
      "id" in of
        ? request<DashboardAnswer>("POST", "/dashboards/{id}/read", asked, { path: { id: of.id }, signal })
        : request<DashboardAnswer>("POST", "/dashboards/home/read", asked, {
            query: { role: of.role },
            signal,
          }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

function keep(dashboard: Dashboard): Dashboard {
  if (dashboard.id) queryClient.setQueryData(keys.dashboard(dashboard.id), dashboard);
  void queryClient.invalidateQueries({ queryKey: keys.dashboards });
  return dashboard;
}

export const createDashboard = async (input: DashboardInput) =>
  keep(await request<Dashboard>("POST", "/dashboards", input, { idempotencyKey: newKey() }));

/** A home of a role is kept under its role. */
export async function saveDashboard(dashboard: Dashboard, input: DashboardInput): Promise<Dashboard> {
  const { version, role } = dashboard;
  const id = dashboard.id ?? "";
  if (dashboard.kind === "role" && role) {
    const { name, filter_bar, cards } = input;
    const body = { name, filter_bar, cards };
    const saved = await request<Dashboard>("PUT", "/dashboards/homes/{role}", body, {
      path: { role },
      version,
    });
    await queryClient.invalidateQueries({ queryKey: keys.dashboards });
    return saved;
  }
  return keep(await request<Dashboard>("PUT", "/dashboards/{id}", input, { path: { id }, version }));
}

export async function deleteDashboard(id: Id, version: number): Promise<void> {
  await request<void>("DELETE", "/dashboards/{id}", undefined, { path: { id }, version });
  queryClient.removeQueries({ queryKey: keys.dashboard(id) });
  await queryClient.invalidateQueries({ queryKey: keys.dashboards });
}

/** The home of a role as it was built in. */
export async function restoreHome(role: HomeRole): Promise<void> {
  await request("DELETE", "/dashboards/homes/{role}", undefined, { path: { role } });
  await queryClient.invalidateQueries({ queryKey: keys.dashboards });
}
