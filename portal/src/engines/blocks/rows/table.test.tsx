// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { keys } from "@/api/keys";
import { queryClient } from "@/api/query-client";
import type { TableBlock } from "@/engines/blocks/tree";
import { backend, place, show } from "@/engines/testing/block-page";

const table: TableBlock = { block: "table", source: "rows", columns: [{ name: "name", label: "Name" }] };
const given = backend(() => [
  { name: "rows", status: "ok", rows: [{ id: "a", fields: { name: "Anna" } }], fields: [], refs: {} },
]);
const called = () => place.querySelector("[role=grid]")?.getAttribute("aria-label");

beforeEach(() => {
  queryClient.setQueryData(keys.me, { tenant: { currency: "EUR" }, settings: {} });
  queryClient.setQueryData(keys.entities, []);
});

it("is called as its block is, and never by the name that its author gave the source", async () => {
  await show([{ ...table, title: "Who is away" }], given);
  expect(called()).toBe("Who is away");
});

it("has a word where the block has no title", async () => {
  await show([table], given);
  expect(called()).toBe("Table");
});
