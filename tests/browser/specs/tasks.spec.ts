/** The inbox and the task: found by deadline, refused with the way out, nothing typed is lost. */
import { Api, type Problem } from "../support/api.ts";
import { expect, test } from "../support/test.ts";
import { publishDealer, startDealer } from "../support/work.ts";

test.use({ company: "Inbox" });

const hour = 3_600_000;
const due = (hours: number) => new Date(Date.now() + hours * hour).toISOString();

test.beforeAll(async ({ server }) => {
  await publishDealer(server);
});

test("the inbox stands by deadline, filters live in the address, arrows and Esc go through it", async ({ page, signIn, api }) => {
  const late = await api.must<{ id: string }>("POST", "/tasks", { title: "Call Ivanov", due: due(-2) });
  await api.must("POST", "/tasks", { title: "Some day" });
  await api.must("POST", "/tasks", { title: "Next week", due: due(24 * 20) });
  await signIn(page);
  const menu = page.getByRole("navigation").first().getByRole("link", { name: /^My tasks/ });
  await expect(menu).toContainText("1");
  await menu.click();
  await expect(page.getByRole("region", { name: "Overdue" }).getByRole("link")).toHaveText("Call Ivanov");
  await expect(page.getByRole("region", { name: "Without a deadline" })).toContainText("Some day");

  await page.getByRole("link", { name: "Call Ivanov" }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("link", { name: "Next week" })).toBeFocused();
  await page.keyboard.press("Enter");
  const panel = page.getByTestId("record-panel");
  await expect(panel.getByRole("heading", { name: "Next week" })).toBeVisible();
  await expect(page).toHaveURL(/task=/);
  await page.keyboard.press("ArrowUp");
  await expect(panel.getByRole("heading", { name: "Call Ivanov" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);

  await page.getByRole("button", { name: "Overdue 1" }).click();
  await expect(page).toHaveURL(/show=overdue/);
  await expect(page.getByText("Some day")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("link", { name: "Call Ivanov" })).toBeVisible();

  // Done elsewhere: it goes by itself.
  await api.must("POST", `/tasks/${late.id}/complete`, {});
  await expect(page.getByText("Nothing of that kind")).toBeVisible();
  await expect(menu).not.toContainText("1");
  await page.getByRole("tab", { name: "Given by me" }).or(page.getByRole("button", { name: "Given by me" })).first().click();
  await expect(page.getByText("Some day")).toBeVisible();
});

test("a task without its letter says what is missing and opens the letter; what is typed survives a reload", async ({
  page,
  signIn,
  api,
}) => {
  const { task } = await startDealer(api, "Pumps for Kowalski");
  await signIn(page, `/tasks/${task}`);
  await expect(page.getByRole("heading", { name: "Prepare technical solution", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Pumps for Kowalski" })).toBeVisible();
  await page.getByRole("button", { name: "Finish" }).click();
  const missing = page.getByRole("alert").filter({ hasText: "To finish it, this is missing" });
  await expect(missing).toContainText("the letter is not sent");
  await expect(missing).toContainText("“Technical solution” is not filled");

  await missing.getByRole("button", { name: "Fill it" }).click();
  const solution = page.getByRole("textbox", { name: "Technical solution *" });
  await expect(solution).toBeFocused();
  await solution.pressSequentially("Two pumps and a valve");
  await expect(missing).not.toContainText("is not filled");
  await page.reload();
  await expect(solution, "a draft").toHaveValue("Two pumps and a valve");

  await page.getByRole("button", { name: "Write the letter" }).click();
  const letter = page.getByRole("dialog", { name: "Letter of the task" });
  await expect(letter.getByRole("textbox", { name: "Subject *" })).toHaveValue("Technical solution: Pumps for Kowalski");
  await letter.getByRole("textbox", { name: "To *" }).fill("dealer@example.org");
  await letter.getByRole("textbox", { name: "Text *" }).fill("Good day! Two pumps.");
  let line = false;
  await page.route(/\/action$/, (route) => (line ? route.fallback() : route.abort("internetdisconnected")));
  await letter.getByRole("button", { name: "Send" }).click();
  await expect(letter.getByRole("alert")).toContainText("cannot be reached");
  line = true;
  await letter.getByRole("button", { name: "Send" }).click();
  // This server has no mail: it says so, and the letter stays as it was written.
  await expect(letter.getByRole("alert")).toContainText(/mail server/i);
  await page.reload();
  await page.getByRole("button", { name: "Write the letter" }).click();
  await expect(letter.getByRole("textbox", { name: "Text *" }), "a draft").toHaveValue("Good day! Two pumps.");
  const refused = await api.send<Problem>("POST", `/tasks/${task}/complete`, { variables: { solution: "Two pumps" } });
  expect([refused.status, refused.body.code]).toEqual([409, "task.main_action_missing"]);
});

test("checklist, comment, handing over and finishing by hand", async ({ page, signIn, api }) => {
  const { id } = await api.must<{ id: string }>("POST", "/tasks", { title: "Order paper", checklist: ["Ask the price"] });
  await api.must("POST", "/users", { name: "Petro", roles: [], locale: "en", email: "petro@example.org", password: "a long password of Petro" });
  await signIn(page, `/tasks/${id}`);
  await page.getByRole("checkbox", { name: "Ask the price" }).check();
  const step = page.getByRole("textbox", { name: "Add a small step" });
  await step.fill("Sign");
  await step.press("Enter");
  await expect(page.getByRole("checkbox", { name: "Sign" })).toBeVisible();
  const comment = page.getByRole("textbox", { name: "Comment" });
  await comment.fill("A4 only");
  await page.reload();
  await expect(comment, "a draft").toHaveValue("A4 only");
  await comment.press("Control+Enter");
  await expect(page.getByRole("listitem").filter({ hasText: "A4 only" })).toBeVisible();
  await expect(comment).toHaveValue("");
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByText("Done: Order paper")).toBeVisible();
  await expect(page.getByRole("button", { name: "Finish" })).toHaveCount(0);
  expect((await api.must<{ state: string }>("GET", `/tasks/${id}`)).state).toBe("completed");
  await page.getByText("History", { exact: true }).click();
  await expect(page.getByTestId("timeline-entry").first()).toContainText("done");
});

test("the bell counts what is not read, opens what it is about, and is quiet then", async ({ page, signIn, api, server }) => {
  const person = { email: "olha@example.org", password: "a long password of Olha" };
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = items.find(({ key }) => key === "sales_manager");
  const olha = await api.must<{ id: string }>("POST", "/users", { name: "Olha", roles: role ? [role.id] : [], locale: "en", ...person });
  await signIn(page, person);
  await expect(page.getByRole("button", { name: "Notifications", exact: true })).toBeVisible();
  await api.must("POST", "/tasks", { title: "Visit the dealer", assignee: olha.id });
  const bell = page.getByRole("button", { name: "Notifications, 1 unread" });
  await expect(bell, "without a reload").toBeVisible();
  await bell.click();
  await page.getByRole("dialog", { name: "Notifications" }).getByRole("link", { name: /Visit the dealer/ }).click();
  await expect(page.getByRole("heading", { name: "Visit the dealer", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: "Notifications", exact: true })).toBeVisible();
  const hers = await Api.signIn(server, person);
  expect((await hers.must<{ unread: number }>("GET", "/notifications")).unread).toBe(0);
});

test("many tasks are gone through under a head that stays; a person without tasks is told so; damaged links lead somewhere", async ({
  page,
  signIn,
  api,
  server,
}) => {
  for (let number = 0; number < 40; number++) await api.must("POST", "/tasks", { title: `Call ${number}`, due: due(24 * 3) });
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const role = items.find(({ key }) => key === "sales_manager");
  const idle = { email: "idle@example.org", password: "a long password of Idle" };
  const person = await api.must<{ id: string }>("POST", "/users", { name: "Idle", roles: role ? [role.id] : [], locale: "en", ...idle });
  await signIn(page);
  for (const size of [{ width: 1360, height: 700 }, { width: 390, height: 700 }]) {
    await page.setViewportSize(size);
    await page.goto("/tasks");
    await page.getByRole("link", { name: "Call 39" }).scrollIntoViewIfNeeded();
    await expect(page.getByRole("heading", { name: "My tasks" })).toBeInViewport();
    expect(await page.evaluate(() => document.scrollingElement?.scrollTop), "the page itself stays").toBe(0);
  }
  await page.setViewportSize({ width: 1360, height: 860 });
  const search = page.getByRole("searchbox", { name: "Find a task" });
  await search.fill("no such words");
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(search).toHaveValue("");
  await search.fill("Call 17");
  await expect(page.getByRole("link", { name: "Call 17" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Call 39" })).toHaveCount(0);
  await expect(search).toHaveValue("Call 17");
  await page.goto(`/tasks?view=team&person=${person.id}`);
  await expect(page.getByText("No tasks", { exact: true })).toBeVisible();
  await page.goto("/tasks?view=team&person=01a225dc&task=zzz");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.goto("/tasks/01a225dc-29");
  await expect(page.getByRole("heading", { name: "Nothing is here" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);

  const hers = await Api.signIn(server, idle);
  const given = await hers.must<{ id: string }>("POST", "/tasks", { title: "With a paper" });
  await page.goto(`/tasks/${given.id}`);
  const files = page.getByRole("region", { name: "Files" });
  await files.getByTestId("file-input").setInputFiles([{ name: "paper.txt", mimeType: "text/plain", buffer: Buffer.from("A paper") }]);
  await expect(files.getByRole("link", { name: "paper.txt" })).toBeVisible();
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit the title, deadline, text…" }).click();
  await expect(page).toHaveURL(new RegExp(`/records/task/${given.id}`));
});

test("notifications and questions give the focus back to what they were opened from", async ({ page, signIn }) => {
  await signIn(page);
  const bell = page.getByRole("button", { name: /^Notifications/ });
  await bell.click();
  await expect(page.getByRole("dialog", { name: "Notifications" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(bell).toBeFocused();
  await page.goto("/processes/dealer-purchase");
  const start = page.getByRole("button", { name: "Start", exact: true });
  await start.click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await expect(start).toBeFocused();
});
