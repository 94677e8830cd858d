/** Live updates: what others do shows by itself, and nothing is asked for that no page shows. */
import { Board } from "../support/board.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Live" });

test("tasks and processes of others make no requests in an open board", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "On the board" });
  await signIn(page);
  const board = new Board(page);
  await board.open("lead");
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/")) asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  const missing: string[] = [];
  page.on("response", (response) => {
    if (response.status() === 404) missing.push(response.url());
  });
  for (const title of ["One", "Two", "Three"]) await api.create("task", { title });
  const script = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><process id="short" isExecutable="true"><startEvent id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/><endEvent id="b"/></process></definitions>`;
  const made = await api.must<{ id: string }>("POST", "/process-definitions?publish=true", new TextEncoder().encode(script));
  await api.must("POST", "/process-instances", { definition: made.id });
  // The last change is one the board shows: when it is here, the others have been heard.
  await api.must("PATCH", `/records/lead/${lead.id}`, { fields: { title: "Renamed by a colleague" } });
  await expect(board.card(lead.id)).toContainText("Renamed by a colleague");
  expect(missing).toEqual([]);
  expect(asked.filter((one) => /task|instance/.test(one))).toEqual([]);
  expect(asked).toContain("POST /api/v1/records/lead/query");
});

test("a colleague's task shows on the open card of what it is about", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "Watched" });
  await signIn(page, `/records/lead/${lead.id}`);
  await expect(page.getByRole("textbox", { name: "Note" })).toBeVisible();
  await api.create("task", { title: "Bring the samples", record_entity: "lead", record_id: lead.id });
  await expect(page.getByText("Bring the samples")).toBeVisible();
});

test("what a colleague does before live updates are open shows all the same", async ({ page, signIn, api }) => {
  const lead = await api.create("lead", { title: "As it was read" });
  await signIn(page);
  let open = () => {};
  const held = new Promise<void>((done) => {
    open = done;
  });
  await page.route("**/api/v1/stream*", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`/records/lead/${lead.id}`);
  await expect(page.getByTestId("field-title")).toContainText("As it was read");
  await api.must("PATCH", `/records/lead/${lead.id}`, { fields: { title: "Renamed in between" } });
  open();
  await expect(page.getByTestId("field-title")).toContainText("Renamed in between");
});
