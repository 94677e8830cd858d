/** Frames: a page of a package draws what no block does, and reaches nothing, however it tries. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "@playwright/test";
import { packageFile } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Frames" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.skyline";
const PAGE = `/app/${ID}/city`;
const HELLO = 'addEventListener("message", ({ data, ports }) => { if (data !== "verstak") return; const port = ports[0];';
const READY = 'port.postMessage(JSON.stringify({ type: "ready" }));';

test("the picture is drawn of what the viewer sees, and its button does what it says", async ({ page, signIn, api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("skyline"))));
  await api.must("POST", `/plugins/${ID}/enable`, { grants: "requested" });
  await api.create("deal", { title: "Small one", amount: 100 });
  await api.create("deal", { title: "Large one", amount: 900 });
  await signIn(page, PAGE);
  const frame = page.frameLocator('iframe[title="Deals as a city"]');
  await expect(frame.getByRole("img", { name: "A city of 2 houses, one for each deal" })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("city.png") });
  // What others do comes by itself.
  await api.create("deal", { title: "Largest one", amount: 9_000 });
  await expect(frame.getByRole("img", { name: "A city of 3 houses, one for each deal" })).toBeVisible();
  const greet = frame.getByRole("button", { name: "Greet Largest one" });
  await greet.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Greetings to Largest one")).toBeVisible();
  const sandbox = await page.locator('iframe[title="Deals as a city"]').getAttribute("sandbox");
  expect(sandbox).toBe("allow-scripts allow-forms");
  await page.setViewportSize({ width: 390, height: 844 });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
});

/** The page with another script in its frame, in a browser whose complaints are what is wanted. */
async function hostile(browser: Browser, url: string, signIn: (page: Page, at: string) => Promise<void>, script: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
      document.documentElement.setAttribute("data-refused", effectiveDirective);
    });
  });
  await page.route("**/skyline.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
  await signIn(page, PAGE);
  return page;
}

for (const [what, script, words] of [
  ["never says that it is ready", "", "The frame did not answer within three seconds."],
  ["floods the page", `${HELLO}${READY} for (let i = 0; i < 500; i += 1) port.postMessage(JSON.stringify({ type: "context" })); });`, "too many messages and was stopped."],
  ["sends too much", `${HELLO}${READY} port.postMessage("x".repeat(300000)); });`, "message that is too long and was stopped."],
  ["sends what is no message", `${HELLO} port.postMessage({ type: "ready" }); });`, "what is no message and was stopped."],
] as const) {
  test(`a frame that ${what} is a card, and the page goes on`, async ({ browser, server, signIn }) => {
    const page = await hostile(browser, server.url, signIn, script);
    await expect(page.getByText(words)).toBeVisible();
    await expect(page.locator('iframe[title="Deals as a city"]')).toHaveCount(0);
    await expect(page.getByText("Large one", { exact: true }).first()).toBeVisible();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText(words)).toBeVisible();
    await page.context().close();
  });
}

test("a frame reaches neither the portal nor other servers", async ({ browser, server, signIn }) => {
  const attempts = `${HELLO}${READY}
    port.onmessage = async ({ data }) => {
      const said = JSON.parse(data);
      if (said.type !== "context") return;
      const told = [];
      const tried = async (name, run) => { try { await run(); told.push(name); } catch {} };
      await tried("fetch", () => fetch("/api/v1/me"));
      await tried("elsewhere", () => fetch("https://example.com/"));
      await tried("parent", () => parent.document.title);
      await tried("cookie", () => document.cookie);
      await tried("storage", () => localStorage.length);
      try { top.location.href = "/sign-in"; } catch {}
      await tried("window", () => { if (!open("/sign-in")) throw new Error("closed"); });
      await tried("eval", () => new Function("return 1")());
      port.postMessage(JSON.stringify({ type: "act", id: "act", name: "remove" }));
      port.postMessage(JSON.stringify({ type: "data", id: "data", name: "others" }));
      port.onmessage = ({ data: text }) => {
        const answer = JSON.parse(text);
        if (answer.type === "answer" && answer.id) told.push(answer.id + " " + answer.code);
        document.querySelector("canvas").setAttribute("aria-label", "reached: " + told.join(", "));
      };
    };
  });`;
  const page = await hostile(browser, server.url, signIn, attempts);
  const frame = page.frameLocator('iframe[title="Deals as a city"]');
  await expect(frame.getByRole("img", { name: "reached: act undeclared, data undeclared", exact: true })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`${PAGE}$`));
  await page.context().close();
});

test("a frame that goes elsewhere is stopped", async ({ browser, server, signIn }) => {
  const page = await hostile(browser, server.url, signIn, `${HELLO}${READY} location.href = location.href + "?again"; });`);
  await expect(page.getByText("The frame went to another page and was stopped.")).toBeVisible();
  await page.context().close();
});

test("a frame carries nothing to other addresses of this server", async ({ browser, server, signIn }) => {
  const page = await hostile(browser, server.url, signIn, `${HELLO}${READY} location.href = "/hooks/acme/collector/told?secret"; });`);
  await expect(page.locator("html")).toHaveAttribute("data-refused", "frame-src");
  await page.context().close();
});
