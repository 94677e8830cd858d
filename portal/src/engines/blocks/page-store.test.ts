import { expect, it } from "vitest";
import { PageStore } from "./page-store";
import type { Tree } from "./tree";

const store = (state: Tree["state"], kept: Record<string, unknown>) =>
  new PageStore({
    tree: { v: 1, state, blocks: [] },
    backend: {} as never,
    plugin: "p",
    pluginTitle: "P",
    surface: "s",
    locale: "en",
    state: kept,
  });

it("carries values over to an upgraded page by name", () => {
  const { state } = store({ year: 2026, team: "all" }, { year: 2025, gone: true });
  expect(state).toEqual({ year: 2025, team: "all" });
});
