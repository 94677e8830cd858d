/** A record beside its board: stages with whole names at every width, the card it belongs to in view. */
import { Board } from "../support/board.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Panel" });

test("the stage bar names the present and the next stage whole, and moves to any", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Stages" });
  await signIn(page);
  for (const width of [1360, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`/records/deal/board?record=${deal.id}`);
    const panel = page.getByTestId("record-panel");
    for (const stage of [panel.getByTestId("stage-menu"), panel.getByTestId("stage-next")]) {
      await expect(stage).toBeVisible();
      expect(await stage.evaluate((node) => node.scrollWidth <= node.clientWidth), "a name is cut").toBe(true);
    }
  }
  await page.getByTestId("stage-next").click();
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.stage).toBe("preparation");
  await page.getByTestId("stage-menu").click();
  await page.getByTestId("stage-contract").click();
  await expect.poll(async () => (await api.get("deal", deal.id)).fields.stage).toBe("contract");
});

test("the card that is open stands beside the panel, not under it", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "Last column", stage: "payment" });
  await signIn(page);
  await new Board(page).open("deal");
  await page.getByTestId(`card-${deal.id}`).getByRole("link").click();
  const panel = page.getByTestId("record-panel");
  await expect(panel).toBeVisible();
  await expect
    .poll(async () => {
      const [card, side] = await Promise.all([page.getByTestId(`card-${deal.id}`).boundingBox(), panel.boundingBox()]);
      return card && side ? side.x - (card.x + card.width) : -1;
    })
    .toBeGreaterThan(0);
});

test("a column's + asks for what is missing, beside the field, and the whole form goes on with it", async ({
  page,
  signIn,
  api,
}) => {
  await api.enableLeadDesk();
  await signIn(page);
  const board = new Board(page);
  await board.open("lead");
  const column = board.column("new");
  await column.getByRole("button", { name: /^Add to/ }).click();
  await expect(column.getByRole("textbox", { name: "Title" })).toBeFocused();
  await page.keyboard.type("Mill");
  await page.keyboard.press("Enter");
  await expect(column.getByRole("alert")).toContainText("Add a phone number");
  await expect(column.getByRole("alert")).toBeInViewport();
  await expect(column.getByRole("textbox", { name: "Title" }), "the focus stays").toBeFocused();
  await column.getByRole("button", { name: "More fields" }).click();
  const form = page.getByRole("form", { name: "New record: Lead" });
  await expect(form.getByRole("textbox", { name: "Title" })).toHaveValue("Mill");
  await expect(form.getByRole("combobox", { name: "Currency" })).toHaveValue(/^[A-Z]{3}$/);
  await expect(form.getByRole("combobox", { name: "Responsible" })).not.toHaveValue("");
  await expect(form.getByRole("textbox", { name: "Comments" })).toHaveCount(0);
  await form.getByRole("button", { name: "More fields" }).click();
  await expect(form.getByRole("textbox", { name: "Comments" })).toBeVisible();
  await form.getByRole("textbox", { name: "Phones 1" }).fill("+442055571444");
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form).toHaveCount(0);
  const mill = (await api.byTitle("lead", ["Mill"])).get("Mill");
  expect(mill?.fields).toMatchObject({ stage: "new" });
  expect(mill?.fields.owner).toBeTruthy();
});
