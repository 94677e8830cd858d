import { afterEach, describe, expect, it, vi } from "vitest";
import { addressOf, api } from "./client";
import { ApiError, messageOf, NetworkError } from "./problem";
import { sameValue, untouched } from "./save";
import { sessionGate } from "./session-gate";

const json = (status: number, body: unknown, type = "application/json") =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": type },
  });
const problem = (status: number, body: object) =>
  json(status, { status, ...body }, "application/problem+json");

function answers(...list: (Response | Error)[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    const next = list.shift();
    if (next instanceof Error) throw next;
    return next;
  });
  return calls;
}

afterEach(() => vi.unstubAllGlobals());

describe("client", () => {
  it("sends JSON, the version and a fresh idempotency key", async () => {
    const calls = answers(json(200, { id: "1" }), json(201, {}), json(201, {}));
    await api.patch(
      "/records/{entity}/{id}",
      { fields: {} },
      { path: { entity: "lead", id: "1" }, version: 7 },
    );
    await api.create("/records/{entity}", { fields: {} }, { path: { entity: "lead" } });
    await api.create("/records/{entity}", { fields: {} }, { path: { entity: "lead" } });
    const headers = calls.map(({ init }) => init.headers as Record<string, string>);
    expect(calls[0]?.url).toBe("/api/v1/records/lead/1");
    expect(headers[0]?.["if-match"]).toBe('"7"');
    expect(headers[0]?.["idempotency-key"]).toBeUndefined();
    expect(headers[1]?.["idempotency-key"]).toBeTruthy();
    expect(headers[1]?.["idempotency-key"]).not.toBe(headers[2]?.["idempotency-key"]);
  });

  it("puts parameters where the description has them, and leaves out what is not said", () => {
    const place = {
      path: { entity: "a/b", id: "1" },
      query: { limit: 30, cursor: null, q: "x y", level: undefined },
    };
    expect(addressOf("/records/{entity}/{id}/timeline", place)).toBe(
      "/records/a%2Fb/1/timeline?limit=30&q=x+y",
    );
    expect(addressOf("/me")).toBe("/me");
  });

  it("turns problem details into a typed error that keeps every reason", async () => {
    answers(
      problem(422, {
        code: "hook.rejected",
        detail: "The lead needs a contact way.",
        fields: { phones: { code: "required", message: "Give a phone." } },
        plugin: "lead-desk",
      }),
    );
    const error = await api.get("/me").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    const refused = error as ApiError;
    expect([refused.status, refused.code, refused.problem.plugin]).toEqual([
      422,
      "hook.rejected",
      "lead-desk",
    ]);
    expect(refused.fieldMessage("phones")).toBe("Give a phone.");
    expect(messageOf(refused, "no network")).toBe("The lead needs a contact way. Give a phone.");
  });

  it("reads a refusal that is not JSON", async () => {
    answers(new Response("<html>bad gateway</html>", { status: 502, statusText: "Bad Gateway" }));
    const error = (await api.get("/me").catch((caught: unknown) => caught)) as ApiError;
    expect([error.status, error.code, error.message]).toEqual([502, "http.502", "Bad Gateway"]);
  });

  it("tells a lost connection from a refusal and from a cancelled question", async () => {
    answers(new TypeError("failed to fetch"));
    const lost = await api.get("/me").catch((caught: unknown) => caught);
    expect(lost).toBeInstanceOf(NetworkError);
    expect(messageOf(lost, "no network")).toBe("no network");

    const controller = new AbortController();
    controller.abort();
    answers(new DOMException("aborted", "AbortError"));
    const aborted = await api.get("/me", { signal: controller.signal }).catch((caught: unknown) => caught);
    expect(aborted).not.toBeInstanceOf(NetworkError);
  });

  it("asks for the password once for all waiting requests and then repeats them", async () => {
    answers(problem(401, { code: "auth" }), problem(401, { code: "auth" }), json(200, 1), json(200, 2));
    const both = Promise.all([
      api.post("/me/password", { present: "old", new: "new" }),
      api.post("/notifications/read", { ids: [], all: true }),
    ]);
    await vi.waitFor(() => expect(sessionGate.isOpen()).toBe(true));
    sessionGate.settle(true);
    expect((await both).map(String).sort()).toEqual(["1", "2"]);
    expect(sessionGate.isOpen()).toBe(false);
  });

  it("gives the refusal back when the person leaves instead", async () => {
    answers(problem(401, { code: "auth.required" }));
    const question = api.get("/me").catch((caught: unknown) => caught);
    await vi.waitFor(() => expect(sessionGate.isOpen()).toBe(true));
    sessionGate.settle(false);
    expect(((await question) as ApiError).code).toBe("auth.required");
  });

  it("answers nothing to 204", async () => {
    answers(new Response(null, { status: 204 }));
    expect(await api.delete("/records/{entity}/{id}", { path: { entity: "lead", id: "1" } })).toBeUndefined();
  });
});

describe("two people in one record", () => {
  it("clash only on the fields being saved", () => {
    const before = { title: "a", phones: [{ value: "1", kind: "work" }] };
    const patch = { title: "mine" };
    expect(untouched({ ...before, amount: 5 }, before, patch)).toBe(true);
    expect(untouched({ ...before, title: "theirs" }, before, patch)).toBe(false);
    expect(sameValue(null, undefined)).toBe(true);
    expect(sameValue([{ value: "1", kind: "work" }], before.phones)).toBe(true);
    expect(sameValue("", null)).toBe(false);
  });
});
