/** The dealer's flow, drawn from lines and followed to the end: the technical solution, its letter, the payment on the map. */
import type { Page } from "@playwright/test";
import { Api } from "../support/api.ts";
import { expect, test } from "../support/test.ts";

test.use({ company: "Dealer", mail: true });

const NAME = "Dealer: one-off purchase";
const SOLUTION = "Prepare technical solution";
const PAID = "Payment confirmed by finance manager";
const LINES = [`${SOLUTION} | Technical specialist | 1d | email!`, `${PAID} | Finance manager | 4h`, "Ship | owner | 1d"].join("\n");

const tech = { email: "tech@acme.example", password: "a long password of the specialist" };
const ready = (page: Page) => expect(page.getByTestId("designer-canvas").locator(".djs-shape").first()).toBeVisible();
const panel = (page: Page) => page.getByTestId("designer-panel");

test.beforeAll(async ({ server }) => {
  const api = await Api.signIn(server);
  const { items: roles } = await api.must<{ items: { id: string; key: string }[] }>("GET", "/roles");
  const seller = roles.find(({ key }) => key === "sales_manager")?.id;
  const specialist = await api.must<{ id: string }>("POST", "/roles", { key: "technical_specialist", name: "Technical specialist" });
  const finance = await api.must<{ id: string }>("POST", "/roles", { key: "finance_manager", name: "Finance manager" });
  const me = await api.must<{ user: { id: string } }>("GET", "/me");
  const admin = roles.filter(({ key }) => key === "admin").map(({ id }) => id);
  await api.must("PATCH", `/users/${me.user.id}`, { roles: [...admin, finance.id] });
  await api.must("POST", "/users", { name: "Tina Tech", roles: [specialist.id, seller].filter(Boolean), locale: "en", ...tech });
});

test("drawn from lines, published, started from a deal, refused, written, finished; the payment glows, the funnel and the home know", async ({
  page,
  secondPage,
  signIn,
  api,
  sink,
}) => {
  test.slow();
  await signIn(page, "/processes");
  await page.getByRole("button", { name: "New process" }).click();
  await page.getByRole("menuitem", { name: "From lines of words" }).click();
  await page.getByLabel("Name of the process").fill(NAME);
  await page.getByLabel("Steps, one a line").fill(LINES);
  await page.getByRole("button", { name: "Make the drawing" }).click();
  await ready(page);
  await page.getByRole("navigation", { name: "Steps" }).getByRole("listitem").filter({ hasText: SOLUTION }).locator("[data-step-name]").click();
  await expect(panel(page).getByLabel("To be done in", { exact: true })).toHaveValue("1");
  await expect(panel(page).getByLabel("Cannot finish without it")).toBeChecked();
  await panel(page).getByRole("button", { name: "Remind" }).click();
  await expect(panel(page).getByLabel("Remind before the deadline", { exact: true })).toHaveValue("1");
  await panel(page).getByLabel("Event", { exact: true }).fill("solution");
  await panel(page).getByLabel("Event", { exact: true }).press("Enter");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const publish = page.getByRole("dialog", { name: `Publish “${NAME}”` });
  await publish.getByLabel("What changed").fill("As agreed");
  await publish.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Version 1 is published.")).toBeVisible();

  const company = await api.create("company", { title: "Kowalski" });
  const deal = await api.create("deal", { title: "Pumps for Kowalski", amount: 5000, company: company.id, source: "web" });
  await page.goto(`/records/deal/${deal.id}`);
  const section = page.getByRole("region", { name: "Processes" });
  await section.getByRole("button", { name: "Start a process" }).click();
  const start = page.getByRole("dialog", { name: "Start a process" });
  await start.getByLabel("Process *").first().click();
  await page.getByRole("option", { name: NAME }).click();
  await start.getByRole("button", { name: "Start" }).click();
  await expect(section).toContainText(SOLUTION);

  // The specialist finds it in the inbox of the role.
  await signIn(secondPage, tech, "/tasks");
  await secondPage.getByRole("link", { name: SOLUTION }).or(secondPage.getByText(SOLUTION, { exact: true })).first().click();
  await secondPage.getByRole("button", { name: "Finish" }).click();
  const missing = secondPage.getByRole("alert").filter({ hasText: "To finish it, this is missing" });
  await expect(missing).toContainText("the letter is not sent");
  await missing.getByRole("button", { name: "Write the letter" }).click();
  const letter = secondPage.getByRole("dialog", { name: "Letter of the task" });
  await letter.getByRole("textbox", { name: "To *" }).fill("dealer@example.org");
  await letter.getByRole("textbox", { name: "Subject *" }).fill("Technical solution");
  await letter.getByRole("textbox", { name: "Text *" }).fill("Good day! Two pumps and a valve.");
  await letter.getByRole("button", { name: "Send" }).click();
  await expect.poll(() => sink.letters.map(({ text }) => text).join("\n"), { timeout: 30_000 }).toContain("Technical solution");
  await expect(secondPage.getByText("The letter is sent")).toBeVisible({ timeout: 30_000 });
  await secondPage.getByRole("button", { name: "Finish" }).click();
  await expect(secondPage.getByRole("button", { name: "Finish" })).toHaveCount(0);

  // The payment glows on the map, and nothing else does.
  const { items } = await api.must<{ items: { id: string; key: string }[] }>("GET", `/process-instances?subject=${deal.id}`);
  const instance = items[0];
  await page.goto(`/instances/${instance?.id}`);
  const canvas = page.getByTestId("route-canvas");
  await expect(canvas).toHaveAttribute("data-ready", "true");
  await expect(canvas.locator(".v-current")).toHaveCount(1);
  await expect(canvas.locator(".v-current")).toContainText("Payment confirmed");

  // The funnel shows it by its name, on every axis.
  await page.goto(`/reports/funnel?over=process&definition=${instance?.key}`);
  await expect(page.getByRole("main")).toContainText(PAID);
  await expect(page.getByRole("main")).toContainText(SOLUTION);
  const axes = ["template", "process", "step", "event", "manager", "department", "organization", "client", "source"];
  for (const axis of axes) {
    const body = { definition: instance?.key, entity: "deal", group_by: [axis] };
    const { items: rows } = await api.must<{ items: { entered: number }[] }>("POST", "/reports/funnel", body);
    expect(rows.reduce((sum, row) => sum + row.entered, 0), axis).toBeGreaterThan(0);
  }

  // Where things pile up stands on the head's first page.
  await page.goto("/");
  await expect(page.getByText(/^As of/)).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText("undefined");
});
