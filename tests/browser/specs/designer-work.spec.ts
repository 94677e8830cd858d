/** A drawing tried out, spoken about, compared, and published while its older version runs. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Trying" });

interface Drawing {
  id: string;
  revision: number;
}

test.beforeAll(async ({ server }) => {
  const api = await Api.signIn(server);
  await api.must("POST", "/roles", { key: "engineer", name: "Engineer" });
});

/** Steps one after another, the second asks; `big` decides by the record's amount. */
const asking = `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="x"><process id="asking" name="Asking" isExecutable="true">
  <startEvent id="s" name="Request"/>
  <userTask id="look" name="Look at it" v:executors="owner" v:duration="P1D" v:remindBefore="PT1H"/>
  <exclusiveGateway id="sum" name="How much" default="small"/>
  <userTask id="head" name="Ask the head" v:executors="role:engineer" v:duration="PT4H" v:mainAction="approve" v:resultVariable="decision"/>
  <exclusiveGateway id="answer" name="Allowed"/>
  <userTask id="do" name="Do it" v:executors="owner"/>
  <endEvent id="e" name="Done"/>
  <endEvent id="n" name="Refused"/>
  <sequenceFlow id="f1" sourceRef="s" targetRef="look"/><sequenceFlow id="f2" sourceRef="look" targetRef="sum"/>
  <sequenceFlow id="big" sourceRef="sum" targetRef="head"><conditionExpression xsi:type="tFormalExpression">record.amount &gt; 1000</conditionExpression></sequenceFlow>
  <sequenceFlow id="small" sourceRef="sum" targetRef="do"/>
  <sequenceFlow id="f3" sourceRef="head" targetRef="answer"/>
  <sequenceFlow id="yes" sourceRef="answer" targetRef="do"><conditionExpression xsi:type="tFormalExpression">vars.decision == "approved"</conditionExpression></sequenceFlow>
  <sequenceFlow id="no" sourceRef="answer" targetRef="n"><conditionExpression xsi:type="tFormalExpression">vars.decision == "rejected"</conditionExpression></sequenceFlow>
  <sequenceFlow id="f4" sourceRef="do" targetRef="e"/></process></definitions>`;

const line = (id: string, tasks: [string, string][]) => {
  const ids = ["s", ...tasks.map(([task]) => task), "e"];
  const flows = ids.slice(1).map((to, at) => `<sequenceFlow id="f${at}" sourceRef="${ids[at]}" targetRef="${to}"/>`);
  const made = tasks.map(([task, name]) => `<userTask id="${task}" name="${name}" v:executors="owner"/>`);
  return `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="x"><process id="${id}" name="${id}" isExecutable="true"><startEvent id="s"/>${made.join("")}<endEvent id="e"/>${flows.join("")}</process></definitions>`;
};
const draw = (api: Api, title: string, xml: string, kind = "draft") =>
  api.must<Drawing>("POST", `/process-drawings?title=${encodeURIComponent(title)}&kind=${kind}`, new TextEncoder().encode(xml));

async function open(page: Page, id: string): Promise<void> {
  await page.goto(`/processes/drawings/${id}`);
  await expect(page.getByTestId("designer-canvas").locator(".djs-shape").first()).toBeVisible();
}
const panelOf = (page: Page) => page.getByTestId("designer-panel");
const choose = (page: Page, element: string) => page.getByTestId(`line-${element}`).locator("[data-step-name]").click();
const walked = (page: Page) => page.getByRole("list", { name: "The way it would go" });
const stepOf = (page: Page, name: string) => walked(page).getByRole("listitem").filter({ has: page.getByRole("button", { name, exact: true }) });

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary}`))).toEqual([]);
}

test("a dry run says who gets each step, until when, which way and why; another way is tried", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Asking", asking);
  await api.create("deal", { title: "Large boiler", amount: 5000, currency: "EUR" });
  await signIn(page);
  await open(page, id);
  await page.getByRole("button", { name: "Dry run" }).focus();
  await page.keyboard.press("Enter");
  const panel = panelOf(page);
  await expect(panel.getByLabel("Of what"), "begins in its first field").toBeFocused();
  await page.keyboard.press("Tab");
  const record = panel.getByLabel("Deal", { exact: true });
  await expect(record).toBeFocused();
  await record.fill("Large");
  await page.getByRole("option", { name: "Large boiler" }).click();
  await panel.getByRole("button", { name: "Run it" }).click();

  await expect(stepOf(page, "Look at it")).toContainText("Who: admin");
  await expect(stepOf(page, "Look at it")).toContainText(/Until \w+ \d+, 20\d\d/);
  await expect(stepOf(page, "How much")).toContainText("→ “Ask the head”: Amount is more than 1,000 (now: €5,000)");
  await expect(stepOf(page, "Ask the head")).toContainText("Nobody would get it: “Engineer” finds nobody.");
  await expect(stepOf(page, "Ask the head")).toContainText("Approve or reject");
  await expect(panel).toContainText("Nobody can say yet how it goes on at “Allowed”");
  const canvas = page.getByTestId("designer-canvas");
  await expect(canvas.locator(".v-path[data-element-id=head]")).toHaveCount(1);
  await expect(canvas.locator(".djs-connection.v-path[data-element-id=big]"), "the arrow that was taken").toHaveCount(1);
  await expect(canvas.locator(".djs-connection.v-path[data-element-id=small]")).toHaveCount(0);

  const way = panel.getByLabel("Which way on from “Allowed”");
  await way.click();
  await page.getByRole("option", { name: /Do it/ }).click();
  await expect(stepOf(page, "Allowed")).toContainText("→ “Do it”: Head: decision is approved (now: approved)".replace("Head", "Ask the head"));
  await expect(panel).toContainText("It would come to its end.");
  await expect(canvas.locator(".djs-connection.v-path[data-element-id=yes]")).toHaveCount(1);
  await panel.getByLabel("Another way on from “Allowed”").click();
  await page.getByRole("option", { name: /Refused/ }).click();
  await expect(stepOf(page, "Refused")).toBeVisible();
  await expect(canvas.locator(".v-path[data-element-id=do]")).toHaveCount(0);
  await stepOf(page, "Look at it").getByRole("button").click();
  await expect(canvas.locator("[data-element-id=look].selected"), "a press shows the step").toHaveCount(1);
  await clean(page);

  // What is drawn on makes it old; closed, nothing of it is left.
  await choose(page, "do");
  await page.getByTestId("line-do").getByRole("button", { name: /Remove/ }).click();
  await expect(panel).toContainText("The drawing has changed since: run it again.");
  await page.getByRole("button", { name: "Undo (Ctrl+Z)" }).click();
  await panel.getByRole("button", { name: "Close" }).click();
  await expect(canvas.locator(".v-path")).toHaveCount(0);
});

test("what cannot run yet is told at its step, and leads there", async ({ page, signIn, api }) => {
  // A step that says nothing to be done: one that leads nowhere would only be warned of.
  const odd = line("odd", [["a", "First"]]).replace("<endEvent", `<serviceTask id="t" name="Odd one"/><endEvent`);
  const { id } = await draw(api, "Odd", odd);
  await signIn(page);
  await open(page, id);
  await page.getByRole("button", { name: "Dry run" }).click();
  await panelOf(page).getByRole("button", { name: "Run it" }).click();
  await expect(panelOf(page).getByRole("alert").first()).toContainText("It cannot run yet");
  const problems = page.getByTestId("drawing-problems");
  await expect(problems).toBeFocused();
  await problems.getByRole("button", { name: /Odd one/ }).first().click();
  await expect(panelOf(page).getByLabel("Name", { exact: true }), "the dry run gives way to the step").toHaveValue("Odd one");
});

test("a dry run without a line says so and loses nothing; pressed twice it runs once", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Cut", line("cut", [["a", "First"]]));
  await signIn(page);
  await open(page, id);
  await page.getByRole("button", { name: "Dry run" }).click();
  const panel = panelOf(page);
  let asked = 0;
  await page.route("**/dry-run", async (route) => {
    asked += 1;
    if (asked === 1) await route.abort("internetdisconnected");
    else await route.continue();
  });
  await panel.getByRole("button", { name: "Run it" }).click();
  await expect(panel.getByRole("alert")).toBeVisible();
  await panel.getByRole("button", { name: "Run it" }).dblclick();
  await expect(stepOf(page, "First")).toBeVisible();
  expect(asked).toBe(2);
});

test("notes stand at their elements; what was typed outlives a cut line; settled ones come back by undo", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Noted", line("noted", [["a", "First"], ["b", "Second"]]));
  await signIn(page);
  await open(page, id);
  await choose(page, "b");
  const panel = panelOf(page);
  await panel.getByRole("button", { name: "Add the note" }).click();
  await expect(panel.getByText("Say what hurts")).toBeVisible();
  await panel.getByLabel("What hurts").click();
  await page.getByRole("option", { name: "Lies and waits" }).click();
  await panel.getByLabel("In your words").fill("Three days on the table");
  await page.route("**/notes", (route) => route.abort("internetdisconnected"));
  await panel.getByRole("button", { name: "Add the note" }).click();
  await expect(panel.getByRole("alert")).toBeVisible();
  await choose(page, "a");
  await choose(page, "b");
  await expect(panel.getByLabel("In your words"), "typed and not sent").toHaveValue("Three days on the table");
  await page.unroute("**/notes");
  await panel.getByLabel("In your words").press("Control+Enter");
  const notes = panel.getByRole("list", { name: "Notes" });
  await expect(notes).toContainText("Three days on the table");
  await expect(panel.getByLabel("In your words")).toHaveValue("");
  await expect(page.getByTestId("designer-canvas").getByText("✎ 1")).toBeVisible();
  await clean(page);
  // Of the whole drawing they lead to their elements.
  await page.getByTestId("designer-canvas").locator("svg").first().click({ position: { x: 5, y: 300 } });
  await notes.getByRole("button", { name: "Second" }).click();
  await expect(panel.getByLabel("Name", { exact: true })).toHaveValue("Second");
  await notes.getByRole("button", { name: "Settled: “Lies and waits”" }).click();
  await expect(page.getByTestId("designer-canvas").getByText("✎ 1")).toHaveCount(0);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(notes).toContainText("Three days on the table");
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole("list", { name: "Notes" }), "on a phone too").toContainText("Second");
});

test("published while five run: three fit, mapped all go over; what is refused is told with its reason", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Moving", line("moving", [["prepare", "Prepare"], ["check", "Check"], ["send", "Send"]]));
  await api.must("POST", `/process-drawings/${id}/publish`, { note: "first" });
  for (let n = 0; n < 5; n += 1) {
    const { id: instance } = await api.must<{ id: string }>("POST", "/process-instances", { definition: "moving" });
    if (n > 1) continue;
    const { items } = await api.must<{ items: { id: string }[] }>("GET", `/tasks?instance=${instance}`);
    await api.must("POST", `/tasks/${items[0]?.id}/complete`, {});
  }
  await signIn(page);
  await open(page, id);
  await choose(page, "check");
  await page.getByTestId("line-check").getByRole("button", { name: /Remove/ }).click();
  await choose(page, "prepare");
  await page.getByTestId("line-prepare").getByRole("button", { name: /Add after/ }).click();
  await page.getByRole("menuitem", { name: "Step", exact: true }).click();
  await panelOf(page).getByLabel("Name", { exact: true }).fill("Approve");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Publish" }).click();
  const ask = page.getByRole("dialog", { name: /Publish/ });
  await expect(ask).toContainText("5 run now, on older versions.");
  await ask.getByLabel("Bring them over").check();
  await ask.getByRole("button", { name: "Publish" }).click();

  const wizard = page.getByRole("dialog", { name: "Running ones to version 2" });
  await expect(wizard).toContainText("5 on version 1.");
  await expect(wizard).toContainText("3 can be brought over.");
  await expect(wizard).toContainText("2 would stay:");
  await expect(wizard).toContainText("Check: the new version has no such step");
  await clean(page);
  const check = wizard.getByLabel("What “Check” is now");
  await check.click();
  await page.getByRole("option", { name: "Approve" }).click();
  await expect(wizard).toContainText("5 can be brought over.");
  await wizard.getByRole("button", { name: "Bring 5 over" }).dblclick();
  await expect(wizard).toContainText("5 are on version 2 now.");
  const { items } = await api.must<{ items: { version: number; active: { name: string }[] }[] }>("GET", "/process-instances?definition=moving&limit=10");
  expect(items.map(({ version }) => version)).toEqual([2, 2, 2, 2, 2]);
  expect(items.filter(({ active }) => active[0]?.name === "Approve")).toHaveLength(2);
});

test("without a line nothing is said to be brought over, and the rest goes on from the map's page", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Later", line("later", [["one", "One"], ["two", "Two"]]));
  await api.must("POST", `/process-drawings/${id}/publish`, {});
  await api.must("POST", "/process-instances", { definition: "later" });
  const two = await draw(api, "Later", line("later", [["uno", "Uno"], ["two", "Two"]]));
  await api.must("POST", `/process-drawings/${two.id}/publish`, {});
  await signIn(page, "/processes/later");
  await page.getByRole("button", { name: "Bring the running ones over" }).click();
  const wizard = page.getByRole("dialog", { name: "Running ones to version 2" });
  await expect(wizard).toContainText("1 would stay:");
  await expect(wizard.getByRole("button", { name: "Bring 0 over" })).toBeDisabled();
  await wizard.getByLabel("What “One” is now").click();
  await page.getByRole("option", { name: "Uno" }).click();
  await expect(wizard).toContainText("1 can be brought over.");
  await page.route("**/migrate", (route) => route.abort("internetdisconnected"));
  await wizard.getByRole("button", { name: "Bring 1 over" }).click();
  await expect(wizard.getByRole("alert")).toContainText("The answer did not come");
  await page.unroute("**/migrate");
  await wizard.getByRole("button", { name: "Look again" }).click();
  await wizard.getByRole("button", { name: "Bring 1 over" }).click();
  await expect(wizard).toContainText("1 is on version 2 now.");
});

test("as it is beside as it shall be: what differs is coloured and in words, and both move together", async ({ page, signIn, api }) => {
  const before = await draw(api, "Buying", line("buying", [["ask", "Ask"], ["call", "Call"], ["pay", "Pay"]]), "as_is");
  const changed = line("buying", [["ask", "Ask"], ["pay", "Pay"], ["thank", "Thank"]]).replace('name="Ask" v', 'name="Ask" v:duration="P2D" v');
  const after = await draw(api, "Buying, new", changed, "to_be");
  await signIn(page);
  await open(page, before.id);
  const pair = panelOf(page).getByLabel("Compared with");
  await pair.click();
  await page.getByRole("option", { name: /Buying, new/ }).click();
  await expect.poll(async () => (await api.must<{ pair?: string }>("GET", `/process-drawings/${after.id}`)).pair).toBe(before.id);
  await panelOf(page).getByRole("link", { name: "Compare side by side" }).click();
  const left = page.getByRole("region", { name: "Buying · As it is now" });
  const right = page.getByRole("region", { name: "Buying, new · As it shall be" });
  await expect(left.locator(".v-removed[data-element-id=call]")).toHaveCount(1);
  await expect(right.locator(".v-added[data-element-id=thank]")).toHaveCount(1);
  await expect(left.locator(".v-changed[data-element-id=ask]")).toHaveCount(1);
  await expect(right.locator(".v-changed[data-element-id=ask]")).toHaveCount(1);
  await expect(right.getByText("added", { exact: true }).first(), "in words too").toBeVisible();
  const list = page.getByRole("list", { name: "What differs" });
  await expect(list).toContainText("Ask · To be done in: — → 2 d");
  await expect(list).toContainText("Call · Step");

  // One writes its numbers in full, the other in short.
  const at = async (side: typeof left) => {
    const text = (await side.locator(".viewport").evaluate((one) => one.getAttribute("transform"))) ?? "";
    return (text.match(/-?[\d.]+/g) ?? []).map((number) => Number(number).toFixed(1)).join(" ");
  };
  await expect.poll(async () => (await at(left)) === (await at(right))).toBe(true);
  const begun = await at(left);
  const box = await left.getByTestId("route-canvas").boundingBox();
  if (!box) throw new Error("no canvas");
  await page.mouse.move(box.x + 60, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 10, box.y + 90, { steps: 4 });
  await page.mouse.up();
  expect(await at(left)).not.toBe(begun);
  expect(await at(right), "the other follows").toBe(await at(left));
  await page.getByLabel("Move together").uncheck();
  await page.getByRole("button", { name: "Closer" }).click();
  await page.mouse.move(box.x + 60, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 90, box.y + 40, { steps: 4 });
  await page.mouse.up();
  expect(await at(right), "each on its own").not.toBe(await at(left));
  await list.getByRole("button", { name: "Call · Step" }).press("Enter");
  await expect(left.locator(".v-selected[data-element-id=call]")).toHaveCount(1);
  await clean(page);
  await page.getByRole("button", { name: "Swap the sides" }).click();
  await expect(page.getByRole("region").filter({ has: page.getByTestId("route-canvas") }).first()).toContainText("Buying, new");
  await expect(page.locator(".v-added[data-element-id=call]")).toHaveCount(1);

  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByTestId("step-call").filter({ hasText: "added" })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test("a step's time is told as a day and hour on the company's calendar", async ({ page, signIn, api }) => {
  const { id } = await draw(api, "Timed", line("timed", [["a", "First"]]));
  await page.clock.setFixedTime("2026-11-30T15:00:00Z");
  await signIn(page);
  await open(page, id);
  await choose(page, "a");
  const duration = panelOf(page).getByLabel("To be done in", { exact: true });
  await duration.fill("1");
  await duration.press("Enter");
  // 18:00 in Kyiv, where the browser is, is 15:00 in the company's UTC hours: a day later at the same time.
  const due = (await api.must<{ tenant: { time_zone: string } }>("GET", "/me")).tenant.time_zone;
  expect(due).toBe("UTC");
  await expect(panelOf(page)).toContainText("Begun now: until Tue, Dec 1, 05:00 PM.");
  await panelOf(page).getByRole("button", { name: "Remind" }).click();
  await expect(panelOf(page)).toContainText("Reminds Tue, Dec 1, 04:00 PM.");
});

for (const scheme of ["light", "dark"] as const) {
  test(`nothing of it shuts anybody out, ${scheme}`, async ({ page, signIn, api }) => {
    const { id } = await draw(api, `Everybody ${scheme}`, asking.replaceAll('"asking"', `"asking-${scheme}"`));
    await page.emulateMedia({ colorScheme: scheme });
    await signIn(page);
    await open(page, id);
    await page.getByRole("button", { name: "Dry run" }).click();
    await panelOf(page).getByRole("button", { name: "Run it" }).click();
    await expect(panelOf(page).getByRole("alert").or(walked(page)).first()).toBeVisible();
    await clean(page);
  });
}
