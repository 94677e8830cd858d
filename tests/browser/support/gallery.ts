/** The portal's gallery of blocks: it exists in development only, so its own server is started for these tests. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, type Page, test as base } from "@playwright/test";

const portal = fileURLToPath(new URL("../../../portal/", import.meta.url));

interface Shared {
  /** `http://127.0.0.1:PORT` of the gallery's server. */
  gallery: string;
}

export const test = base.extend<{ watched: void }, Shared>({
  gallery: [
    async ({}, use) => {
      const port = await freePort();
      const words = ["node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", String(port), "--strictPort"];
      const server = spawn(process.execPath, words, { cwd: portal, stdio: ["ignore", "pipe", "inherit"] });
      await new Promise<void>((ready, failed) => {
        server.stdout.on("data", (text) => String(text).includes(String(port)) && ready());
        server.on("exit", (code) => failed(new Error(`the gallery's server ended with ${code}`)));
      });
      await use(`http://127.0.0.1:${port}`);
      server.kill("SIGTERM");
    },
    { scope: "worker", timeout: 60_000 },
  ],
  watched: [
    async ({ context }, use) => {
      const problems: string[] = [];
      context.on("weberror", (error) => problems.push(error.error().stack ?? error.error().message));
      context.on("console", (message) => {
        const missing = /Failed to load resource/.test(message.text());
        // The search for barriers tries to enter each frame; that of a letter runs no script, which is its point.
        const entered = message.text().startsWith("Blocked script execution in 'about:srcdoc'");
        if (message.type() === "error" && !missing && !entered) problems.push(message.text());
      });
      await use();
      expect(problems, "problems in the browser").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Opens a part of the gallery and waits until its blocks stand. */
export async function openPart(page: Page, gallery: string, part: string, mood = "filled"): Promise<void> {
  await page.goto(`${gallery}/ui/blocks?part=${part}&mood=${mood}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  if (mood !== "loading") await expect(page.getByRole("status", { name: /^(Loading|Загрузка|Завантаження)$/ })).toHaveCount(0, { timeout: 60_000 });
}

/** Another part on the open page, by the control that a person would use: nothing is loaded again. */
export async function switchPart(page: Page, part: string): Promise<void> {
  await page.getByRole("combobox", { name: "Part" }).click();
  await page.getByRole("option", { name: part, exact: true }).click();
  await expect(page.getByRole("listbox")).toHaveCount(0);
  await expect(page.getByRole("status", { name: /^(Loading|Загрузка|Завантаження)$/ })).toHaveCount(0, { timeout: 60_000 });
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? found(address.port) : failed(new Error("no port"))));
    });
  });
}
