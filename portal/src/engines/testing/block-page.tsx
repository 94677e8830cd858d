/** A page of blocks over a source of its own, with a clock that stands still. For the engines' tests. */
import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import i18next from "i18next";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeEach, vi } from "vitest";
import { queryClient } from "@/api/query-client";
import { BlockPage } from "@/engines/blocks/page";
import type { PageSetup } from "@/engines/blocks/page-store";
import type { Clock } from "@/engines/blocks/sources";
import type { AnyBlock } from "@/engines/blocks/tree";
import type { Backend, ReadResult } from "@/engines/blocks/wire";
import en from "@/i18n/en";
import more from "@/i18n/en/blocks";

let root: Root;
/** Where the page stands. */
export let place: HTMLElement;
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

/** Time goes on. */
export const pass = (ms: number) =>
  act(async () => {
    now += ms;
    for (const one of waiting.filter(({ at }) => at <= now)) one.run();
  });

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
  act(() => {
    notifications.clean();
    root.unmount();
  });
  place.remove();
});

export const backend = (
  read: () => Promise<ReadResult[]> | ReadResult[],
  rest: Partial<Backend> = {},
): Backend => ({ read: async () => ({ results: await read() }), ...rest }) as unknown as Backend;

export const settle = () =>
  act(async () => {
    // Blocks are loaded with the first of their kind.
    await vi.dynamicImportSettled();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setTimeout(next));
  });

export async function show(blocks: AnyBlock[], given: Backend, rest: Partial<PageSetup> = {}) {
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
        <Notifications />
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

/** A button by what it says or is called. */
export const button = (name: string) =>
  [...document.querySelectorAll("button")].find(
    (one) => one.textContent === name || one.getAttribute("aria-label") === name,
  );
export const click = (name: string) => act(async () => button(name)?.click());
/** What was said, each with whether it is a refusal. */
export const toasts = () =>
  [...document.querySelectorAll(".mantine-Notification-root")].map((one) => ({
    text: one.textContent ?? "",
    refusal: one.getAttribute("role") === "alert",
  }));
