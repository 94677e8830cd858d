// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ApiError } from "./problem";

const problem = (status: number, code: string) =>
  new Response(JSON.stringify({ status, code, detail: "It has ended." }), {
    status,
    headers: { "content-type": "application/problem+json" },
  });

function answers(...list: (Response | Error)[]) {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { method }: RequestInit) => {
    calls.push(`${method} ${url}`);
    const next = list.shift();
    if (next instanceof Error) throw next;
    return next;
  });
  return calls;
}

const assign = vi.fn();

beforeEach(() => {
  vi.resetModules();
  assign.mockReset();
  localStorage.clear();
  sessionStorage.clear();
  vi.spyOn(window.location, "assign").mockImplementation(assign);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("begins and stops, and the portal is drawn anew in every tab", async () => {
  const { startViewAs, stopViewAs } = await import("./view-as");
  const calls = answers(new Response(null, { status: 204 }), new Response(null, { status: 204 }));
  void startViewAs({ user: "u" });
  await vi.waitFor(() => expect(assign).toHaveBeenCalledWith("/"));
  expect(localStorage.getItem("verstak.view-as")).toBeTruthy();
  void stopViewAs();
  await vi.waitFor(() => expect(assign).toHaveBeenCalledTimes(2));
  expect(calls).toEqual(["POST /api/v1/view-as", "DELETE /api/v1/view-as"]);
});

it("a refused beginning leaves the page as it is", async () => {
  const { startViewAs } = await import("./view-as");
  answers(problem(409, "view_as.admin"));
  await expect(startViewAs({ role: "r" })).rejects.toMatchObject({ code: "view_as.admin" });
  expect(assign).not.toHaveBeenCalled();
});

it("takes note once of what has ended by itself, however many requests meet it, and says so afterwards", async () => {
  const { api } = await import("./client");
  const { hasEnded } = await import("./view-as-gate");
  const calls = answers(
    problem(409, "view_as.ended"),
    problem(409, "view_as.ended"),
    new Response(null, { status: 204 }),
  );
  const refused = vi.fn();
  api.get("/me").catch(refused);
  api.get("/users").catch(refused);
  await vi.waitFor(() => expect(assign).toHaveBeenCalledWith("/"));
  expect(calls).toEqual(["GET /api/v1/me", "GET /api/v1/users", "DELETE /api/v1/view-as"]);
  expect(refused).not.toHaveBeenCalled();
  expect([hasEnded(), hasEnded()]).toEqual([true, false]);
});

it("without a line the reason is told, and the next request tries again", async () => {
  const { api } = await import("./client");
  const calls = answers(
    problem(409, "view_as.ended"),
    new TypeError("failed to fetch"),
    problem(409, "view_as.ended"),
    new Response(null, { status: 204 }),
  );
  const { ApiError: Refused } = await import("./problem");
  const error = await api.get("/me").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Refused);
  expect((error as ApiError).code).toBe("view_as.ended");
  expect(assign).not.toHaveBeenCalled();
  void api.get("/me");
  await vi.waitFor(() => expect(assign).toHaveBeenCalledWith("/"));
  expect(calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(2);
});

it("a page that the browser shows again is drawn anew", async () => {
  const { followOtherTabs } = await import("./view-as-gate");
  const reload = vi.spyOn(window.location, "reload").mockImplementation(() => {});
  const stop = followOtherTabs();
  const show = (persisted: boolean) =>
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }) as PageTransitionEvent);
  show(false);
  expect(reload).not.toHaveBeenCalled();
  show(true);
  expect(reload).toHaveBeenCalledTimes(1);
  stop();
  show(true);
  expect(reload).toHaveBeenCalledTimes(1);
});

it("another tab's beginning reloads this one", async () => {
  const { followOtherTabs } = await import("./view-as-gate");
  const reload = vi.spyOn(window.location, "reload").mockImplementation(() => {});
  const stop = followOtherTabs();
  window.dispatchEvent(new StorageEvent("storage", { key: "verstak.mode.lead" }));
  expect(reload).not.toHaveBeenCalled();
  window.dispatchEvent(new StorageEvent("storage", { key: "verstak.view-as" }));
  expect(reload).toHaveBeenCalledTimes(1);
  stop();
  window.dispatchEvent(new StorageEvent("storage", { key: "verstak.view-as" }));
  expect(reload).toHaveBeenCalledTimes(1);
});
