/** What a module shows on pages that are not its own: tabs and sides of a record, lists, settings, the palette, the corner. */
import { packageFile } from "../support/api.ts";
import { extended } from "../support/package.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Slots" });
test.describe.configure({ mode: "serial" });

const ID = "verstak.leave-requests";
const surface = (slot: string, id: string, tree: string) =>
  `[[surfaces]]\nslot = "${slot}"\nid = "${id}"\ntitle = "@slot.${id}"\ntree = "${tree}"\n`;
const slots: [string, string, string][] = [
  ["record.leave_request.tab", "history", "note"],
  ["record.leave_request.sidebar", "side", "note"],
  ["record.leave_request.header-action", "withdraw", "withdraw"],
  ["record.leave_request.timeline-item", "entry", "note"],
  ["list.leave_request.toolbar", "explain", "note"],
  ["list.leave_request.row-menu", "withdraw_row", "withdraw"],
  ["list.leave_request.bulk-action", "about_chosen", "note"],
  ["dashboard.widget", "widget", "note"],
  ["settings.page", "rules", "note"],
  ["settings.mine", "mine", "note"],
  ["palette.command", "command", "note"],
  ["shell.corner", "corner", "corner"],
];
const titles: Record<string, string> = {
  history: "Leave history",
  side: "Beside the leave",
  withdraw: "Withdraw now",
  entry: "About this entry",
  explain: "Explain leave",
  withdraw_row: "Withdraw this one",
  about_chosen: "About the chosen",
  widget: "Leave at a glance",
  rules: "Leave rules",
  mine: "My leave settings",
  command: "Plan my leave",
  corner: "Leave corner",
};
const module = () =>
  extended(packageFile("leave-requests"), {
    manifest: slots.map((one) => surface(...one)).join("\n"),
    texts: [
      ...Object.entries(titles).map(([id, title]) => `"slot.${id}" = "${title}"`),
      '"slot.note" = "Said by the module"',
      '"slot.badge" = "2 wait"',
      '"slot.do" = "Withdraw"',
    ].join("\n"),
    ui: {
      note: 'blocks = [{ block = "notice", id = "n", text = "@slot.note" }]\n',
      withdraw: 'blocks = [{ block = "actions", id = "a", items = [{ label = "@slot.do", stage = "withdrawn" }] }]\n',
      corner:
        'blocks = [{ block = "badges", id = "b", items = [{ text = "@slot.badge", tone = "warn" }] }, { block = "notice", id = "n", text = "@slot.note" }]\n',
    },
  });

let first = "";

test("on a record: a tab that the address keeps, a part at the side, an action of its head", async ({ page, signIn, api }) => {
  await api.must("POST", "/plugins", module());
  await signIn(page, `/plugins/${ID}`);
  await page.getByRole("button", { name: "Switch on…" }).first().click();
  const brings = page.getByRole("dialog").getByRole("region", { name: "What else it does" });
  await expect(brings, "whom it lets in and what it does by itself is said before it is allowed").toContainText("Leave: asks");
  const whole = brings.getByRole("button", { name: /^Show all/ });
  if (await whole.count()) await whole.click();
  await expect(brings).toContainText("Rights to: Leave requests");
  await expect(brings).toContainText("While it fails, such changes are refused.");
  await page.getByRole("button", { name: "Allow and switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  first = (await api.create("leave_request", { kind: "yearly", starts: "2026-03-02", ends: "2026-03-04" })).id;
  await api.create("leave_request", { kind: "sick", starts: "2026-04-02", ends: "2026-04-04" });
  await page.goto(`/records/leave_request/${first}`);
  await expect(page.getByRole("region", { name: "Beside the leave" })).toContainText("Said by the module");
  await page.getByRole("button", { name: "Leave history" }).click();
  await expect(page).toHaveURL(/tab=/);
  await expect(page.getByText("Said by the module")).toHaveCount(1);
  await page.reload();
  await expect(page.getByText("Said by the module")).toHaveCount(1);
  await expect(page.getByRole("region", { name: "Beside the leave" })).toHaveCount(0);
  await page.getByRole("button", { name: "Withdraw now" }).click();
  await expect(page.getByText("Changed")).toBeVisible();
  const { fields } = (await api.must("GET", `/records/leave_request/${first}`)) as { fields: { stage: string } };
  expect(fields.stage).toBe("withdrawn");
});

test("in the timeline: each entry has a menu of its own", async ({ page, signIn }) => {
  await signIn(page, `/records/leave_request/${first}`);
  const entry = page.getByTestId("timeline-entry").first();
  await entry.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "About this entry" }).click();
  await expect(page.getByRole("dialog", { name: "About this entry" })).toContainText("Said by the module");
});

test("on a list: a button above it, a line in the menu of a row, one for the chosen rows", async ({ page, signIn }) => {
  await signIn(page, "/records/leave_request/list");
  await page.getByRole("button", { name: "Explain leave" }).click();
  const dialog = page.getByRole("dialog", { name: "Explain leave" });
  await expect(dialog).toContainText("Said by the module");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  const row = page.getByRole("row").filter({ hasText: "Sick leave" });
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Withdraw this one" }).click();
  await expect(row).toContainText("Withdrawn");
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "About the chosen" }).click();
  await expect(page.getByRole("dialog", { name: "About the chosen" })).toContainText("Said by the module");
});

test("on a phone: rows are chosen by a button or a long press, and acted upon", async ({ page, signIn, api }) => {
  const [one, other] = [
    await api.create("leave_request", { kind: "sick", starts: "2026-05-04", ends: "2026-05-05" }),
    await api.create("leave_request", { kind: "sick", starts: "2026-06-04", ends: "2026-06-05" }),
  ];
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, "/records/leave_request/list");
  const card = (id: string) => page.getByTestId(`row-${id}`);
  await page.getByRole("button", { name: "Select", exact: true }).click();
  await card(one.id).getByRole("link").click();
  await card(other.id).getByRole("checkbox").check();
  await expect(page.getByText("2 selected")).toBeVisible();
  await expect(page, "what is chosen is not opened").toHaveURL(/leave_request\/list/);
  await page.getByRole("button", { name: "About the chosen" }).click();
  await expect(page.getByRole("dialog", { name: "About the chosen" })).toContainText("Said by the module");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("checkbox")).toHaveCount(0);
  await card(one.id).click({ delay: 700 });
  await expect(page.getByText("1 selected"), "by a long press").toBeVisible();
  await page.getByRole("button", { name: "Clear the selection" }).click();
  await card(one.id).getByRole("link").click();
  await expect(page, "then a press opens again").toHaveURL(new RegExp(one.id));
});

test("on the first page, in the settings, in the palette and in the corner", async ({ page, signIn }) => {
  await signIn(page, "/");
  await expect(page.getByRole("region", { name: "Leave at a glance" })).toContainText("Said by the module");
  await expect(page.getByText("2 wait")).toBeVisible();
  await page.getByRole("button", { name: "Leave corner" }).click();
  await expect(page.getByRole("dialog", { name: "Leave corner" })).toContainText("Said by the module");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find a record, a section, a command").fill("plan my");
  await expect(page.getByRole("option", { name: "Plan my leave" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Plan my leave" })).toContainText("Said by the module");
  await page.goto("/settings");
  for (const name of ["My leave settings", "Leave rules"]) {
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();
    await expect(page.getByRole("main")).toContainText("Said by the module");
  }
});

test("an administrator sees what it brings, and purges what it left by typing its name", async ({ page, signIn, api }) => {
  await signIn(page, `/plugins/${ID}?tab=brings`);
  await expect(page.getByRole("region", { name: "Entities", exact: true })).toContainText("Leave requests");
  await expect(page.getByRole("region", { name: "Who may use them" })).toContainText("Leave: asks");
  await expect(page.getByRole("region", { name: "Places in the portal" })).toContainText("Tab of the card: Leave requests");
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByText("While it is switched off it brings nothing.")).toBeVisible();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: "Purge its data…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Remove for good" })).toBeDisabled();
  await dialog.getByRole("textbox").fill("Leave requests");
  await dialog.getByRole("button", { name: "Remove for good" }).click();
  await expect(page.getByText("Purged: Leave requests")).toBeVisible();
  expect((await api.send("GET", `/records/leave_request/${first}`)).status).toBe(404);
});
