/** Runs an engine's hook as React would, with a cache of its own. For the engines' tests. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import i18next from "i18next";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";

declare global {
  var IS_REACT_ACT_ENVIRONMENT: boolean;
}

export interface Running<T> {
  client: QueryClient;
  /** What the hook answers now. */
  now(): T;
  /** Does something and lets everything it started come to an end. */
  does(what: () => unknown): Promise<void>;
  /** Runs the hook again with what it is given now; within `does`. */
  again(): void;
  end(): void;
}

function Host({ during }: { during(): void }) {
  during();
  return null;
}

export async function run<T>(hook: () => T): Promise<Running<T>> {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({ lng: "en", resources: {} });
  }
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const root = createRoot(document.createElement("div"));
  let answer: T | undefined;
  const listen = () => {
    answer = hook();
  };
  // The cache tells its listeners in the next turn of the event loop.
  const turn = () => act(() => new Promise<void>((resolve) => setTimeout(resolve)));
  const settle = async (what: () => unknown) => {
    await act(async () => void (await what()));
    do await turn();
    while (client.isFetching() + client.isMutating() > 0);
    await turn();
  };
  const render = () =>
    root.render(
      <QueryClientProvider client={client}>
        <Host during={() => listen()} />
      </QueryClientProvider>,
    );
  await settle(render);
  return {
    client,
    now: () => answer as T,
    does: settle,
    again: render,
    end: () => act(() => root.unmount()),
  };
}
