/** The life of a plugin in the portal: installed from a file, looked at, allowed, at work, switched off. */
import { readFileSync } from "node:fs";
import type { Problem } from "../support/api.ts";
import { LEAD_DESK, packageFile } from "../support/api.ts";
import { allowAndSwitchOn, installLeadDesk } from "../support/plugins.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Eastwind" });
test.describe.configure({ mode: "serial" });

const NOBODY = { fields: { title: "Nobody to call" } };

test("a damaged package is refused with a reason", async ({ page, signIn }) => {
  const bytes = readFileSync(packageFile("lead-desk"));
  const middle = Math.floor(bytes.length / 2);
  bytes.fill(0, middle, middle + 64);
  await signIn(page, "/plugins");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({ name: "damaged.vpkg", mimeType: "application/octet-stream", buffer: bytes });
  await expect(page.getByText("damaged.vpkg was not installed")).toBeVisible();
  await expect(page).toHaveURL(/\/plugins$/);
});

test("installing changes nothing; allowing binds the very next save", async ({ page, signIn, api }) => {
  await signIn(page);
  await installLeadDesk(page);
  expect((await api.send("POST", "/records/lead", NOBODY)).status, "installed, not allowed").toBe(201);
  await allowAndSwitchOn(page);
  const refused = await api.send<Problem>("POST", "/records/lead", NOBODY);
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ code: "hook.rejected", plugin: LEAD_DESK });
  expect(refused.body.fields?.phones?.message).toContain("Add a phone number");
});

test("switched off, it has no say any more", async ({ page, signIn, api }) => {
  await signIn(page, `/plugins/${LEAD_DESK}`);
  await page.getByRole("button", { name: "Switch off" }).first().click();
  await expect(page.getByRole("button", { name: "Switch on…" }).first()).toBeVisible();
  expect((await api.send("POST", "/records/lead", NOBODY)).status).toBe(201);
});
