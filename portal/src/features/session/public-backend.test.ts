import { beforeEach, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/problem";
import { actPublic } from "@/api/public";
import type { Problem } from "@/api/types";
import type { ActRequest } from "@/engines/blocks/wire";
import { publicBackend } from "./public-backend";

vi.mock("@/api/public", () => ({ actPublic: vi.fn(), readPublic: vi.fn() }));

const sent = vi.mocked(actPublic);
const problem = (status: number) => new ApiError({ status, code: "x" } as Problem);
const request = (name: string) =>
  ({ tree_hash: "h", params: {}, state: {}, act: "send", input: { name } }) as unknown as ActRequest;

async function keys(failure: Error | undefined, ...names: string[]): Promise<string[]> {
  sent.mockReset();
  if (failure) sent.mockRejectedValueOnce(failure);
  sent.mockResolvedValue({ patches: [], errors: {}, refused: [] } as never);
  const backend = publicBackend({ company: "acme", plugin: "p", page: "ask" }, async () => undefined);
  for (const [index, name] of names.entries()) {
    await backend.act(request(name), `key-${index}`).catch(() => undefined);
  }
  return sent.mock.calls.map(([, , key]) => key);
}

beforeEach(() => vi.clearAllMocks());

it("sends what may have been done already under the same key, and nothing else", async () => {
  for (const failure of [new NetworkError(), problem(503)]) {
    expect(await keys(failure, "Ann", "Ann", "Ann")).toEqual(["key-0", "key-0", "key-2"]);
    expect(await keys(failure, "Ann", "Ben")).toEqual(["key-0", "key-1"]);
  }
  expect(await keys(problem(422), "Ann", "Ann")).toEqual(["key-0", "key-1"]);
  expect(await keys(undefined, "Ann", "Ann")).toEqual(["key-0", "key-1"]);
});
