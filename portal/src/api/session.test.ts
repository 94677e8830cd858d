import { afterEach, expect, it, vi } from "vitest";
import { queryClient } from "./query-client";
import { entitiesQuery, meQuery } from "./session";

afterEach(() => {
  vi.unstubAllGlobals();
  queryClient.clear();
});

it("who I am and what I may see come in one answer", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const body = { me: { user: { id: "u" } }, entities: [{ key: "lead" }] };
    return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  });
  const [me, entities] = await Promise.all([
    queryClient.ensureQueryData(meQuery),
    queryClient.ensureQueryData(entitiesQuery),
  ]);
  expect([me.user.id, entities.map(({ key }) => key), asked]).toEqual(["u", ["lead"], ["/api/v1/session"]]);
});
