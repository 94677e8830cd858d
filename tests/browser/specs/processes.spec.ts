/** Route maps, the journal beside the live map, and what operators do. */
import type { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";
import { publishDealer, startDealer } from "../support/work.ts";

test.use({ company: "Routes" });

test.beforeAll(async ({ server }) => {
  await publishDealer(server);
});

test("in the journal exactly one element has the red dashed frame, and arrows change the map without a page load", async ({
  page,
  signIn,
  api,
}) => {
  await startDealer(api, "First deal");
  await startDealer(api, "Second deal");
  await signIn(page, "/journal?state=active");
  await page.evaluate(() => Object.assign(window, { sameLoad: true }));
  const canvas = page.getByTestId("route-canvas");
  await expect(canvas).toHaveAttribute("data-ready", "true");
  const current = canvas.locator(".v-current .djs-visual > :first-child");
  await expect(current).toHaveCount(1);
  const look = await current.evaluate((shape) => {
    const style = getComputedStyle(shape);
    const probe = document.createElement("i");
    probe.style.color = "var(--danger)";
    document.body.append(probe);
    const danger = getComputedStyle(probe).color;
    probe.remove();
    return { dashed: style.strokeDasharray !== "none", red: style.stroke === danger };
  });
  expect(look).toEqual({ dashed: true, red: true });
  await expect(canvas.getByText(/^now/)).toBeVisible();
  await expect(canvas.locator(".bjs-powered-by"), "the watermark").toBeVisible();

  const rows = page.getByRole("region", { name: "Processes" });
  await rows.getByRole("link", { name: "Second deal" }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("main").getByRole("link", { name: "First deal" }).last()).toBeVisible();
  await expect(rows.getByRole("link", { name: "First deal" })).toBeFocused();
  await expect(page).toHaveURL(/instance=/);
  await expect(current).toHaveCount(1);
  expect(await page.evaluate(() => "sameLoad" in window), "not loaded anew").toBe(true);

  await page.getByRole("button", { name: "Steps" }).or(page.getByText("Steps", { exact: true })).first().click();
  await expect(page.getByTestId("step-solution")).toHaveAttribute("aria-current", "step");
});

test("an operator starts from a chosen step and cancels, each after a question", async ({ page, signIn, api }) => {
  const { id } = await startDealer(api, "To be stopped");
  await signIn(page, `/instances/${id}`);
  await expect(page.getByRole("heading", { name: "Dealer: one-off purchase", level: 1 })).toBeVisible();
  await page.getByText("Steps", { exact: true }).click();
  await page.getByTestId("step-quote").getByRole("button", { name: "Start from here…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByTestId("step-quote")).toHaveAttribute("aria-current", "step");
  await page.getByText("Tasks", { exact: true }).last().click();
  await expect(page.getByRole("link", { name: "Prepare the quote" })).toBeVisible();
  await page.getByText("Map", { exact: true }).first().click();
  await page.getByRole("button", { name: "Cancel the process…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the process" }).click();
  await expect(page.getByText("cancelled", { exact: true }).first()).toBeVisible();
  expect((await api.must<{ state: string }>("GET", `/process-instances/${id}`)).state).toBe("cancelled");
});

test("a process that speaks of a record is not started about none", async ({ page, signIn, api }) => {
  const before = await started(api);
  await signIn(page, "/processes/dealer-purchase");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Start a process" });
  await expect(dialog.getByText("About *")).toBeVisible();
  // The list of the field stands over the button until it is left.
  await dialog.getByText("Start a process").click();
  await dialog.getByRole("button", { name: "Start", exact: true }).click();
  await expect(dialog.getByText("This process works with a record: choose which.").first()).toBeVisible();
  expect(await started(api)).toBe(before);
});

async function started(api: Api): Promise<number> {
  const { items } = await api.must<{ items: unknown[] }>("GET", "/process-instances?limit=200");
  return items.length;
}

test("a template is taken, looked at, published; a dry run shows its path", async ({ page, signIn, api }) => {
  await api.create("deal", { title: "Tried out", amount: 10 });
  await signIn(page, "/processes");
  await page.getByRole("article").filter({ hasText: "Quote approval" }).getByRole("button", { name: "Take it" }).click();
  await expect(page.getByRole("heading", { name: "Quote approval" })).toBeVisible();
  await expect(page.getByTestId("route-canvas")).toHaveAttribute("data-ready", "true");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("New processes run by it")).toBeVisible();

  await page.getByRole("button", { name: "Dry run" }).click();
  const form = page.getByRole("dialog", { name: "Dry run" });
  await form.getByRole("combobox", { name: "About" }).or(form.getByLabel("About")).first().fill("Tried out");
  await page.getByRole("option", { name: /Tried out/ }).first().click();
  await form.getByRole("button", { name: "Run it" }).click();
  await expect(page.getByRole("region", { name: "Dry run: what would happen" })).toContainText("1. ");
});

test("a file that cannot run is refused with its problems at their elements", async ({ page, signIn }) => {
  const file = `<?xml version="1.0"?><b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">
    <b:process id="p" isExecutable="true"><b:startEvent id="s" name="Begin"/><b:adHocSubProcess id="g" name="Odd one"/>
    <b:userTask id="u" name="<script>alert(1)</script>"/>
    <b:sequenceFlow id="f" sourceRef="s" targetRef="u"/></b:process></b:definitions>`.replace("<script>alert(1)</script>", "&lt;img src=x onerror=alert(1)&gt;");
  await signIn(page, "/processes");
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({ name: "odd.bpmn", mimeType: "application/xml", buffer: Buffer.from(file) });
  await expect(page.getByText("odd.bpmn was not taken")).toBeVisible();
  await expect(page.getByTestId("problems")).toContainText("ad-hoc sub-processes are not supported");
  await expect(page.getByTestId("step-u")).toContainText("<img src=x");
});

test("from a deal's card a process is started and stands there with its step", async ({ page, signIn, api }) => {
  const deal = await api.create("deal", { title: "From the card", amount: 5 });
  await signIn(page, `/records/deal/${deal.id}`);
  const section = page.getByRole("region", { name: "Processes" });
  await section.getByRole("button", { name: "Start a process" }).click();
  const dialog = page.getByRole("dialog", { name: "Start a process" });
  await dialog.getByLabel("Process *").first().click();
  await page.getByRole("option", { name: "Dealer: one-off purchase" }).click();
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(section).toContainText("Prepare technical solution");
  await section.getByRole("link", { name: "Dealer: one-off purchase" }).click();
  await expect(page).toHaveURL(/\/instances\//);
});

test("on a phone the route is a list of steps first", async ({ page, signIn, api }) => {
  const { id } = await startDealer(api, "On the phone");
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, `/instances/${id}`);
  await expect(page.getByTestId("step-solution")).toContainText("now");
  await expect(page.getByTestId("route-canvas")).toHaveCount(0);
  await page.getByTestId("route-map").getByText("Map", { exact: true }).click();
  await expect(page.getByTestId("route-canvas")).toHaveAttribute("data-ready", "true");
  await page.locator(".bjs-powered-by").scrollIntoViewIfNeeded();
  const box = await page.locator(".bjs-powered-by").boundingBox();
  const top = box && (await page.evaluate(({ x, y }) => document.elementFromPoint(x, y)?.closest("a")?.className ?? "", { x: box.x + box.width / 2, y: box.y + box.height / 2 }));
  expect(top, "nothing covers the watermark").toContain("bjs-powered-by");
});

test("the company's calendar: hours that cannot be read stay with a reason, the rest is saved", async ({ page, signIn, api }) => {
  await signIn(page, "/settings/calendars");
  const own = page.getByRole("switch", { name: "The company has its own calendar" });
  if (!(await own.isChecked())) await own.check({ force: true });
  const friday = page.getByRole("textbox", { name: "Friday" });
  await friday.fill("until lunch");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Write hours as")).toBeVisible();
  await expect(friday).toHaveValue("until lunch");
  await page.reload();
  await expect(friday, "a draft").toHaveValue("until lunch");
  await friday.fill("9-13");
  await page.getByRole("button", { name: "Save" }).click();
  // Whether deadlines of the other tests would move depends on the day of the week.
  const leave = page.getByRole("button", { name: "Leave them" });
  await expect(leave.or(page.getByText("Saved", { exact: true }))).toBeVisible();
  if (await leave.isVisible()) await leave.click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  const { calendar } = await api.must<{ calendar: { week: { fri: string[] } } }>("GET", "/calendars/company");
  expect(calendar.week.fri).toEqual(["09:00-13:00"]);
});
