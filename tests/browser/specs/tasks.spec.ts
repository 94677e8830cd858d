/** The inbox and the task: found by deadline, refused with the way out, nothing typed is lost. */
import { Api } from "../support/api.ts";
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
  await signIn(page);
  await page.goto(`/tasks/${task}`);
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
  await expect(letter.getByRole("textbox", { name: "Text *" })).toHaveValue("Good day! Two pumps.");
  line = true;
  await letter.getByRole("button", { name: "Send" }).click();
  await expect(letter).toHaveCount(0);
  await expect(page.getByRole("contentinfo").or(page.locator("footer")).first()).toContainText(/letter/i);
  const state = await api.must<{ main_action: { kind: string; parameters: { to?: unknown } } }>("GET", `/tasks/${task}`);
  expect(state.main_action.kind).toBe("email");
});

test("checklist, comment, handing over and finishing by hand", async ({ page, signIn, api }) => {
  const { id } = await api.must<{ id: string }>("POST", "/tasks", { title: "Order paper", checklist: ["Ask the price"] });
  await api.must("POST", "/users", { name: "Petro", roles: [], locale: "en", email: "petro@example.org", password: "a long password of Petro" });
  await signIn(page);
  await page.goto(`/tasks/${id}`);
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
