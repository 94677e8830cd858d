/** How the browser tests run: Debian's Chromium, two files of specs at a time, nothing fetched. */
import { defineConfig } from "@playwright/test";

const output = process.env.VERSTAK_BROWSER_OUTPUT ?? "../../target/browser";

export default defineConfig({
  testDir: "specs",
  outputDir: `${output}/results`,
  snapshotDir: "snapshots",
  workers: 2,
  // What passes only now is told as flaky; `cargo xtask test` bears two of those.
  retries: 1,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1360, height: 860 },
    locale: "en-US",
    timezoneId: "Europe/Kyiv",
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    // Pictures and snapshots of each step cost a fifth of the time; a failure has its screenshot and the tree of its page.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false, sources: false },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.VERSTAK_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
