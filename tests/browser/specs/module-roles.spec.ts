/** A module is switched on, and its roles are given to people in the same act. */
import { readFileSync } from "node:fs";
import { Api, packageFile } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Given" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.leave-requests";
const ANN = { email: "ann@given.example", password: "correct horse battery" };

test("somebody found by typing has the role as soon as the module is on", async ({ page, signIn, server, api }) => {
  await api.must("POST", "/plugins", new Uint8Array(readFileSync(packageFile("leave-requests"))));
  await api.must("POST", "/users", { name: "Ann Given", roles: [], locale: "en", ...ANN });
  await signIn(page, `/plugins/${ID}`);
  await page.getByRole("button", { name: "Switch on…" }).first().click();
  const dialog = page.getByRole("dialog");
  const give = dialog.getByRole("region", { name: "Who works with it" });
  await expect(give, "both roles are there to be given").toContainText("Leave: decides");
  const asks = give.getByRole("combobox", { name: "Leave: asks" }).or(give.getByRole("textbox", { name: "Leave: asks" }));
  await asks.fill("Ann");
  await asks.press("Enter");
  await expect(give.getByText("Ann Given").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Switch off" }), "Enter in the search allows nothing").toHaveCount(0);
  await dialog.getByRole("button", { name: "Allow and switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  const ann = await Api.signIn(server, ANN);
  const made = await ann.create("leave_request", { kind: "yearly", starts: "2026-03-02", ends: "2026-03-04" });
  expect(made.fields.days, "the module counts").toBe(3);
  const refused = await ann.send<{ code: string }>("POST", "/records/leave_request", {
    fields: { kind: "unpaid", starts: "2026-05-04", ends: "2026-05-02" },
  });
  expect([refused.status, refused.body.code]).toEqual([422, "record.rule"]);
});

test("switched off and on again, whoever has the role keeps it and is counted", async ({ page, signIn, server }) => {
  await signIn(page, `/plugins/${ID}`);
  await page.getByRole("button", { name: "Switch off" }).first().click();
  await page.getByRole("button", { name: "Switch on…" }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("region", { name: "Who works with it" })).toContainText("1 person has it already");
  await dialog.getByRole("button", { name: "Allow and switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  const ann = await Api.signIn(server, ANN);
  await ann.create("leave_request", { kind: "sick", starts: "2026-04-01", ends: "2026-04-01" });
});
