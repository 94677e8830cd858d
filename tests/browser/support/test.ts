/**
 * The `test` of all specs: one server per company, and a page whose console stays clean.
 * An error in a page's console (a text that is missing is one), an uncaught exception or an answer of 500 and above fails the
 * test that caused it.
 */
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";
import { Api } from "./api.ts";
import { type Account, type Server, startServer } from "./server.ts";
import { type Sink, startSink } from "./sink.ts";

interface Given {
  /** The admin by the public API, without a browser. */
  api: Api;
  /** Signs a page in (as the admin unless told) and goes to an address, or to the first page and waits for it. */
  signIn(page: Page, ...to: [] | [Account] | [string] | [Account, string]): Promise<void>;
  /** Another browser, with its own cookies, watched like the first. */
  secondPage: Page;
  watched: void;
}

interface Shared {
  /** The company's name. A file of specs that names its own gets a server of its own. */
  company: string;
  /** Whether the server's clock may be moved: `POST /test/clock`. */
  clock: boolean;
  /** Whether the server has a mail server, and what came there. */
  mail: boolean;
  sink: Sink;
  /** Other settings of the server, as variables of its environment. */
  settings: Record<string, string>;
  server: Server;
}

export const test = base.extend<Given, Shared>({
  company: ["Acme", { scope: "worker", option: true }],
  clock: [false, { scope: "worker", option: true }],
  mail: [false, { scope: "worker", option: true }],
  settings: [{}, { scope: "worker", option: true }],
  sink: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const sink = await startSink();
      await use(sink);
      sink.stop();
    },
    { scope: "worker" },
  ],
  server: [
    async ({ company, clock, mail, sink, settings }, use) => {
      const server = await startServer(company, clock, { ...(mail ? sink.settings : {}), ...settings });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  api: async ({ server }, use) => use(await Api.signIn(server)),
  signIn: async ({ server }, use) =>
    use((page, ...to) => {
      const [first, second] = to;
      const account = typeof first === "object" ? first : server.admin;
      return signIn(page, account, server.url, typeof first === "string" ? first : second);
    }),
  secondPage: async ({ browser, server }, use) => {
    const context = await browser.newContext({ baseURL: server.url });
    const problems = watch(context);
    await use(await context.newPage());
    await context.close();
    expect(problems, "problems in the second browser").toEqual([]);
  },
  watched: [
    async ({ context }, use) => {
      const problems = watch(context);
      await use();
      expect(problems, "problems in the browser").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/**
 * Collects what must not happen. Chromium also reports refusals (4xx) on the console; those are answers, not errors. So
 * is the line that a test itself cuts.
 */
function watch(context: BrowserContext): string[] {
  const problems: string[] = [];
  context.on("console", (message) => {
    const refusal =
      /Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_INTERNET_DISCONNECTED)/.test(message.text()) ||
      message.text().startsWith("MissingPage: ");
    if (message.type() === "error" && !refusal) problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => problems.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  context.on("response", (response) => {
    if (response.status() >= 500) problems.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  return problems;
}

/** As the form does it, by the same door, without drawing it each time: `sign-in.spec.ts` fills the form. */
async function signIn(page: Page, { email, password }: Account, origin: string, at?: string): Promise<void> {
  const answer = await page.request.post("/api/v1/session", { data: { email, password }, headers: { origin } });
  expect(answer.ok(), await answer.text()).toBe(true);
  await page.goto(at ?? "/");
  if (at === undefined) await expect(page.getByRole("main")).toBeVisible();
}
