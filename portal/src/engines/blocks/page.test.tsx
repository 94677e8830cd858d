// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import i18next from "i18next";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { queryClient } from "@/api/query-client";
import en from "@/i18n/en";
import more from "@/i18n/en/admin";
import { BlockPage } from "./page";
import type { PageSetup } from "./page-store";
import type { Clock } from "./sources";
import type { AnyBlock } from "./tree";
import type { Backend, ReadResult } from "./wire";

let root: Root;
let place: HTMLElement;
let now = 0;
let waiting: { at: number; run(): void }[] = [];
const clock: Clock = {
  now: () => now,
  later(run, ms) {
    const one = { at: now + ms, run };
    waiting.push(one);
    return () => {
      waiting = waiting.filter((other) => other !== one);
    };
  },
};

beforeEach(async () => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  if (!i18next.isInitialized) {
    await i18next
      .use(initReactI18next)
      .init({ lng: "en", resources: { en: { ...en, ...more } }, interpolation: { escapeValue: false } });
  }
  window.matchMedia ??= (() => ({
    matches: false,
    addEventListener() {},
    removeEventListener() {},
  })) as never;
  place = document.createElement("div");
  document.body.append(place);
  root = createRoot(place);
  now = 0;
  waiting = [];
});
afterEach(() => {
  act(() => root.unmount());
  place.remove();
});

const backend = (read: () => Promise<ReadResult[]> | ReadResult[]): Backend =>
  ({ read: async () => ({ results: await read() }) }) as unknown as Backend;

const settle = () =>
  act(async () => {
    // Blocks are loaded with the first of their kind.
    await vi.dynamicImportSettled();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setTimeout(next));
  });

async function show(blocks: AnyBlock[], given: Backend, rest: Partial<PageSetup> = {}) {
  const setup: PageSetup = {
    tree: { v: 1, sources: { rows: { plugin: "rows" } }, blocks },
    backend: given,
    plugin: "leave",
    pluginTitle: "Leave requests",
    surface: "page",
    locale: "en",
    clock,
    ...rest,
  };
  await act(async () =>
    root.render(
      <MantineProvider>
        <QueryClientProvider client={queryClient}>
          <BlockPage {...setup} />
        </QueryClientProvider>
      </MantineProvider>,
    ),
  );
  // The script of each kind of block comes by itself.
  for (let turn = 0; turn < 20 && place.querySelector("[role=status]"); turn += 1) await settle();
  await settle();
}

const repeat: AnyBlock = {
  block: "repeat",
  source: "rows",
  height: 200,
  blocks: [{ block: "badges", items: [{ text: { "=": { get: [{ name: "row" }, "name"] } } }] }],
};
const rows = (...names: string[]): ReadResult[] => [
  {
    name: "rows",
    status: "ok",
    rows: names.map((name) => ({ id: name, fields: { name } })),
    fields: [],
    refs: {},
  },
];
const text = () => place.textContent ?? "";

describe("a block of a page", () => {
  it("shows its rows, or says that there are none", async () => {
    await show(
      [repeat],
      backend(() => rows("Anna", "Taras")),
    );
    expect(text()).toContain("Anna");
    expect(text()).toContain("Taras");
  });
  it("says so when there is nothing, in its own words", async () => {
    await show(
      [{ ...repeat, empty: "Nobody is away." }],
      backend(() => rows()),
    );
    expect(text()).toContain("Nobody is away.");
  });
  it("stands in its height while it loads; after two seconds it is slow and can be stopped", async () => {
    await show(
      [repeat],
      backend(() => new Promise(() => undefined)),
    );
    const bones = place.querySelector<HTMLElement>("[role=status]");
    expect(bones?.style.height).toBe("200px");
    expect(text()).not.toContain("slow");
    now = 2_000;
    await act(async () => {
      for (const one of waiting.filter(({ at }) => at <= now)) one.run();
    });
    expect(text()).toContain("Leave requests is slow.");
    const cancel = [...place.querySelectorAll("button")].find((one) => one.textContent === "Cancel");
    await act(async () => cancel?.click());
    expect(text()).toContain("Stopped.");
  });
  it("fails as a card with who, why and the request; trying again mends it, its neighbours never notice", async () => {
    let broken = true;
    const given = backend(() =>
      broken
        ? [
            {
              name: "rows",
              status: "error",
              problem: { code: "plugin.trap", detail: "It ended early.", request_id: "r-17" },
            },
          ]
        : rows("Anna"),
    );
    await show([repeat, { block: "notice", text: "Beside it" }], given);
    const card = place.querySelector("[role=alert]");
    expect(card?.textContent).toContain("Leave requests could not show this");
    expect(card?.textContent).toContain("It ended early.");
    expect(card?.textContent).toContain("Request r-17");
    expect(text()).toContain("Beside it");
    broken = false;
    const again = [...place.querySelectorAll("button")].find((one) => one.textContent === "Try again");
    await act(async () => again?.click());
    await settle();
    expect(text()).toContain("Anna");
    expect(place.querySelector("[role=alert]")).toBeNull();
  });
  it("that is not made right is a card that says where", async () => {
    await show(
      [{ block: "notice" } as unknown as AnyBlock, { block: "notice", text: "Beside it" }],
      backend(() => rows()),
    );
    expect(place.querySelector("[role=alert]")?.textContent).toContain("notice.text");
    expect(text()).toContain("Beside it");
  });
  it("is hidden while its condition does not hold or is not known", async () => {
    const total = { get: [{ get: [{ name: "sources" }, "rows"] }, "total"] } as never;
    const when = (least: number) => ({ "=": { call: [">", total, least] } }) as never;
    await show(
      [
        { block: "notice", text: "some", when: when(0) },
        { block: "notice", text: "many", when: when(1) },
      ],
      backend(() => rows("Anna")),
    );
    expect([text().includes("some"), text().includes("many")]).toEqual([true, false]);
  });
  it("never makes HTML of what was written", async () => {
    const markdown =
      "**bold** <img src=x onerror=alert(1)> [go](javascript:alert(1)) [web](https://example.org)";
    await show(
      [{ block: "text", markdown }],
      backend(() => rows()),
    );
    expect(place.querySelector("img")).toBeNull();
    expect([...place.querySelectorAll("a")].map((one) => one.getAttribute("href"))).toEqual([
      "https://example.org",
    ]);
    expect(place.querySelector("strong")?.textContent).toBe("bold");
    expect(text()).toContain("<img src=x onerror=alert(1)>");
  });
});

describe("a page", () => {
  it("that is too large is refused with words", async () => {
    const blocks = Array.from({ length: 301 }, (): AnyBlock => ({ block: "notice", text: "a" }));
    await show(
      blocks,
      backend(() => rows()),
    );
    expect(text()).toContain("The page has 301 blocks; the limit is 300.");
  });
});
