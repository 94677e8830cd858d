/**
 * The product's main job, from sign-in to a refused drag: the plugin's own message reaches a person on the board, and
 * the same refusal binds the API, bulk edit and import.
 */
import { readFileSync } from "node:fs";
import { Board } from "../support/board.ts";
import type { Problem, Row } from "../support/api.ts";
import { importLeads } from "../support/imports.ts";
import { allowAndSwitchOn, installLeadDesk } from "../support/plugins.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Northwind" });
test.describe.configure({ mode: "serial" });

const NEEDS_AMOUNT = "Fill in the amount before moving the lead to this stage";
const NEEDS_CONTACT = "Add a phone number, an e-mail, a site or a messenger";
const LEADS = [
  "Title,Phone,E-mail,Amount,Currency",
  "Garden centre,8 916 123-45-67,garden@example.org,,RUB",
  "Bakery on the corner,+7 495 765 43 21,bakery@example.org,120000,RUB",
  "Bicycle workshop,,bikes@example.org,5000,RUB",
].join("\n");

test("an admin enables the plugin and imports leads; one drag is refused, one is seen by a colleague", async ({
  page,
  secondPage,
  signIn,
  api,
}) => {
  await signIn(page);
  await installLeadDesk(page);
  await allowAndSwitchOn(page);
  await importLeads(page, "leads.csv", LEADS);
  const leads = await api.byTitle("lead", ["Garden centre", "Bakery on the corner"]);
  const [garden, bakery] = [leads.get("Garden centre") as Row, leads.get("Bakery on the corner") as Row];
  expect(garden.fields.phones, "the plugin tidied the number").toMatchObject([{ value: "+79161234567" }]);

  await signIn(secondPage);
  const [board, second] = [new Board(page), new Board(secondPage)];
  await board.open("lead");
  await second.open("lead");
  const stage = String(garden.fields.stage);
  await expect(board.cardIn(stage, garden.id)).toBeVisible();
  await expect(second.cardIn(stage, bakery.id)).toBeVisible();

  await board.drag(garden.id, "converted");
  await expect(page.getByText(NEEDS_AMOUNT).first()).toBeVisible();
  await expect(board.cardIn(stage, garden.id), "the card is back").toBeVisible();
  expect((await api.get("lead", garden.id)).fields.stage).toBe(stage);

  // A lead is won by converting it: the drag offers that.
  await board.drag(bakery.id, "converted");
  const form = page.getByRole("dialog");
  await form.getByRole("button", { name: "Convert", exact: true }).click();
  await expect(form).toHaveCount(0);
  await expect(second.cardIn(stage, bakery.id), "the colleague's board follows").toHaveCount(0);
  const won = (await api.get("lead", bakery.id)).fields;
  expect(won.stage).toBe("converted");
  expect(won.deal, "and there is a deal").toBeTruthy();
});

test("the same refusal by the API, naming the field", async ({ api }) => {
  const garden = (await api.byTitle("lead", ["Garden centre"])).get("Garden centre") as Row;
  const moved = await api.send<Problem>("POST", `/records/lead/${garden.id}/stage`, { stage: "converted" });
  expect(moved.status).toBe(409);
  expect(moved.body.detail).toContain(NEEDS_AMOUNT);
  const saved = await api.send<Problem>("PATCH", `/records/lead/${garden.id}`, { fields: { stage: "converted" } });
  expect([409, 422]).toContain(saved.status);
  expect(saved.body.fields?.amount?.message).toContain(NEEDS_AMOUNT);
  const workshop = (await api.byTitle("lead", ["Bicycle workshop"])).get("Bicycle workshop") as Row;
  const by = await api.send<Problem>("POST", `/records/lead/${workshop.id}/stage`, { stage: "converted" });
  expect([by.status, by.body.code], "with an amount it is to be converted").toEqual([409, "lead.convert_required"]);
});

test("the same refusal in bulk edit, row by row", async ({ api }) => {
  const leads = await api.byTitle("lead", ["Garden centre", "Bicycle workshop"]);
  const update = [...leads.values()].map((lead) => ({ id: lead.id, fields: { stage: "converted" } }));
  const { results } = await api.must<{ results: { id: string; status: string; code?: string; detail?: string }[] }>(
    "POST",
    "/records/lead/bulk",
    { update },
  );
  const result = (title: string) => results.find((one) => one.id === leads.get(title)?.id);
  expect(result("Garden centre")).toMatchObject({ status: "refused", detail: expect.stringContaining(NEEDS_AMOUNT) });
  expect(result("Bicycle workshop")).toMatchObject({ code: "lead.convert_required" });
});

test("the same refusal in an import, with the row in the report", async ({ page, signIn, api }) => {
  await signIn(page);
  await importLeads(page, "refused.csv", "Title,Phone,E-mail\nNobody to call,,\nTea house,+7 812 000 11 22,\n");
  await expect(page.getByText(NEEDS_CONTACT).first()).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the report" }).or(page.getByRole("button", { name: "Download the report" })).first().click();
  const report = readFileSync(await (await download).path(), "utf8");
  expect(report).toContain("Nobody to call");
  expect(report).toContain(NEEDS_CONTACT);
  expect(report).not.toContain("Tea house");
  const leads = await api.byTitle("lead", ["Nobody to call", "Tea house"]);
  expect([...leads.keys()]).toEqual(["Tea house"]);
});
