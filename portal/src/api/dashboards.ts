/** Dashboards and the first page: their cards, and the figures of all cards in one answer. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import { queryClient } from "./query-client";
import type { Dashboard, DashboardInput, HomeRole } from "./reports-wire";
import type { Body, Id } from "./types";

/** A card's question is kept as it came; the portal made it. */
const known = (dashboard: Body<"Dashboard">) => dashboard as Dashboard;

export const dashboardsQuery = queryOptions({
  queryKey: keys.dashboards,
  queryFn: ({ signal }) => api.get("/dashboards", { signal }).then(({ items }) => items.map(known)),
});

export const dashboardQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.dashboard(id),
    queryFn: ({ signal }) => api.get("/dashboards/{id}", { path: { id }, signal }).then(known),
  });

/** Of the reader's role, or of another of theirs. */
export const homeQuery = (role?: HomeRole) =>
  queryOptions({
    queryKey: keys.home(role ?? ""),
    queryFn: ({ signal }) => api.get("/dashboards/home", { query: { role }, signal }).then(known),
  });

export const homesQuery = queryOptions({
  queryKey: keys.homes,
  queryFn: ({ signal }) => api.get("/dashboards/homes", { signal }).then(({ items }) => items),
});

export type DashboardAsked = Partial<Body<"ReadCards">>;

/** `of`: a dashboard's id, or the home of a role. */
export const figuresQuery = (of: { id: Id } | { role?: HomeRole }, asked: DashboardAsked, version: number) =>
  queryOptions({
    queryKey: keys.dashboardFigures("id" in of ? of.id : `home ${of.role ?? ""}`, { asked, version }),
    queryFn: ({ signal }) =>
      "id" in of
        ? api.post("/dashboards/{id}/read", asked as Body<"ReadCards">, { path: { id: of.id }, signal })
        : api.post("/dashboards/home/read", asked as Body<"ReadCards">, { query: { role: of.role }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

function keep(of: Body<"Dashboard">): Dashboard {
  const dashboard = known(of);
  if (dashboard.id) queryClient.setQueryData(keys.dashboard(dashboard.id), dashboard);
  void queryClient.invalidateQueries({ queryKey: keys.dashboards });
  return dashboard;
}

export const createDashboard = async (input: DashboardInput) => keep(await api.create("/dashboards", input));

/** A home of a role is kept under its role. */
export async function saveDashboard(dashboard: Dashboard, input: DashboardInput): Promise<Dashboard> {
  const { version, role } = dashboard;
  const id = dashboard.id ?? "";
  if (dashboard.kind === "role" && role) {
    const { name, filter_bar, cards } = input;
    const body = { name, filter_bar, cards };
    const saved = await api.put("/dashboards/homes/{role}", body, {
      path: { role },
      version,
    });
    await queryClient.invalidateQueries({ queryKey: keys.dashboards });
    return known(saved);
  }
  return keep(await api.put("/dashboards/{id}", input, { path: { id }, version }));
}

export async function deleteDashboard(id: Id, version: number): Promise<void> {
  await api.delete("/dashboards/{id}", { path: { id }, version });
  queryClient.removeQueries({ queryKey: keys.dashboard(id) });
  await queryClient.invalidateQueries({ queryKey: keys.dashboards });
}

/** The home of a role as it was built in. */
export async function restoreHome(role: HomeRole): Promise<void> {
  await api.delete("/dashboards/homes/{role}", { path: { role } });
  await queryClient.invalidateQueries({ queryKey: keys.dashboards });
}
