// @vitest-environment happy-dom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, it } from "vitest";
import { PageContext } from "@/engines/blocks/context";
import type { PageStore } from "@/engines/blocks/page-store";
import type { SourceSpec } from "@/engines/blocks/tree";
import { RowLink, RowsScope } from "./source";

/** The title of a row over a source, and what was opened. */
async function titleOver(source: SourceSpec, readable = true) {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const opened: unknown[] = [];
  const page = {
    setup: {
      tree: { sources: { rows: source } },
      onOpen: (target: unknown) => void opened.push(target),
      can: () => readable,
    },
    source: () => ({ rows: [{ id: "r1", entity: "leave", fields: {} }] }),
    entityOf: () => "leave",
    subscribe: () => () => undefined,
    snapshot: () => 0,
  } as unknown as PageStore;
  const place = document.createElement("div");
  await act(async () =>
    createRoot(place).render(
      <PageContext value={page}>
        <RowsScope name="rows" options={{}}>
          <RowLink id="r1">Anna</RowLink>
        </RowsScope>
      </PageContext>,
    ),
  );
  expect(place.textContent).toBe("Anna");
  return { opened, link: place.querySelector("a") };
}

it("opens the record of a row where the block says nothing else", async () => {
  const { opened, link } = await titleOver({ records: "leave" });
  expect(link?.getAttribute("href")).toBe("/records/leave/r1");
  await act(async () => link?.click());
  expect(opened).toEqual([{ record: "r1", entity: "leave" }]);
});

it("is no link where nothing opens or the record may not be read", async () => {
  expect((await titleOver({ plugin: "rows" })).link).toBeNull();
  expect((await titleOver({ records: "leave" }, false)).link).toBeNull();
});
