/** A sale from its deal to the money: documents made of each other, an invoice that is paid, a lead that is converted. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test.ts";

test.use({ company: "Eastlight" });

/** Presses a button of the card and says yes to what it asks. */
async function step(page: Page, button: string, yes = button): Promise<void> {
  await page.getByRole("main").getByRole("button", { name: button, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: yes, exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
}

/** The id of the record that the page shows, once it is of this entity. */
async function opened(page: Page, entity: string): Promise<string> {
  await expect(page).toHaveURL(new RegExp(`/records/${entity}/`));
  return page.url().split("/").at(-1)?.split("?")[0] ?? "";
}

test("a deal becomes a quote, an order and an invoice, which a payment pays", async ({ page, signIn, api }) => {
  // Four documents and a payment, each through its card.
  test.slow();
  const client = await api.create("company", { title: "Harbour Cafe" });
  const deal = await api.create("deal", { title: "Espresso machines", company: client.id, currency: "EUR" });
  await api.must("PUT", `/records/deal/${deal.id}/rows`, {
    rows: [
      { title: "Machine", quantity: 2, price: 1500 },
      { title: "Grinder", quantity: 1, price: 400 },
    ],
  });
  await signIn(page, `/records/deal/${deal.id}`);
  await step(page, "Make a quote", "Make it");
  await opened(page, "quote");
  await step(page, "Mark as sent");
  await step(page, "Accepted");
  await step(page, "Make an order", "Make it");
  await opened(page, "order");
  await step(page, "Confirm");

  await page.getByRole("main").getByRole("button", { name: "Make an invoice" }).click();
  const form = page.getByRole("dialog");
  await form.getByRole("textbox", { name: "How many: Machine" }).fill("5");
  await form.getByRole("button", { name: "Make it", exact: true }).click();
  await expect(form.getByRole("alert").first()).toContainText("left of the order");
  await form.getByRole("textbox", { name: "How many: Machine" }).fill("2");
  await form.getByRole("button", { name: "Make it", exact: true }).click();
  const invoice = await opened(page, "invoice");

  await step(page, "Issue");
  const issued = (await api.get("invoice", invoice)).fields;
  const number = String(issued.document_number);
  expect(number).not.toBe("");
  await expect(page.getByTestId("field-title")).toContainText(number);
  expect(issued).toMatchObject({ state: "issued", amount: 3400, debt: 3400 });
  const late = await api.send("PATCH", `/records/invoice/${invoice}`, { fields: { terms: "other" } });
  expect(late.status).toBe(409);
  await expect(page.getByTestId("chain-order")).toBeVisible();
  await expect(page.getByTestId("chain-deal").getByRole("link", { name: "Espresso machines" })).toBeVisible();

  const payment = await api.create("payment", {
    title: "Transfer",
    amount: 4000,
    currency: "EUR",
    paid_on: "2026-11-20",
    purpose: `For ${number}`,
    company: client.id,
  });
  await page.goto(`/records/payment/${payment.id}`);
  const proposal = page.getByTestId(`proposal-${number}`);
  await expect(proposal).toContainText("agrees: number, client");
  await proposal.getByRole("button").click();
  await page.getByRole("dialog").getByRole("button", { name: "Allocate", exact: true }).click();
  await expect(page.getByTestId(`allocated-${invoice}`)).toBeVisible();
  expect((await api.get("payment", payment.id)).fields.left_over).toBe(600);

  await page.getByTestId(`allocated-${invoice}`).getByRole("link").click();
  await opened(page, "invoice");
  await expect(page.getByTestId(`paid-by-${payment.id}`)).toContainText("Transfer");
  await expect(page.getByTestId("chain-invoice")).toContainText("Paid");
  expect((await api.get("invoice", invoice)).fields).toMatchObject({ state: "paid", debt: 0 });

  await page.goto(`/records/payment/${payment.id}`);
  await page.getByTestId(`allocated-${invoice}`).getByRole("button").click();
  await expect(proposal).toBeVisible();
  expect((await api.get("invoice", invoice)).fields).toMatchObject({ state: "issued", debt: 3400 });
  await page.goto(`/records/invoice/${invoice}`);
  await page.getByRole("main").getByRole("button", { name: "Void", exact: true }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("Made twice");
  await page.getByRole("dialog").getByRole("button", { name: "Void", exact: true }).click();
  await expect(page.getByTestId("chain-invoice")).toContainText("Void");
});

test("a lead is converted to the contact that is known already, and put back", async ({ page, signIn, api }) => {
  const phones = [{ value: "+44 20 5550 1234", kind: "work" }];
  const anna = await api.create("contact", { title: "Anna Smith", first_name: "Anna", last_name: "Smith", phones });
  const lead = await api.create("lead", { title: "Bakery ovens", company_title: "Corner Bakery", phones });
  await signIn(page, `/records/lead/${lead.id}`);
  await page.getByRole("main").getByRole("button", { name: "Convert", exact: true }).click();
  const form = page.getByRole("dialog");
  await expect(form.getByText("Found by what the lead says.")).toBeVisible();
  await form.getByRole("button", { name: "Convert", exact: true }).click();
  const deal = await opened(page, "deal");
  expect((await api.get("deal", deal)).fields).toMatchObject({ title: "Bakery ovens", contacts: [anna.id] });
  const won = (await api.get("lead", lead.id)).fields;
  expect(won).toMatchObject({ deal, contact: anna.id });

  await page.goBack();
  await expect(page.getByRole("main").getByRole("link", { name: "Deal «Bakery ovens»" })).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("main").getByRole("button", { name: "Convert", exact: true })).toBeVisible();
  expect((await api.get("lead", lead.id)).fields.stage).toBe(lead.fields.stage);
  expect((await api.send("GET", `/records/deal/${deal}`)).status).toBe(404);
});

test("a payment is recorded on its invoice, and what is over is used for the next one", async ({ page, signIn, api }) => {
  const client = await api.create("company", { title: "Watermill" });
  const issued = async (price: number) => {
    const rows = [{ title: "Flour", price }];
    const draft = await api.create("invoice", { company: client.id, currency: "EUR", rows });
    await api.must("POST", `/records/invoice/${draft.id}/issue`, {});
    return draft.id;
  };
  const [first, second] = [await issued(1000), await issued(500.5)];
  await signIn(page, `/records/invoice/${first}`);
  await page.getByRole("main").getByRole("button", { name: "Record a payment" }).click();
  const form = page.getByRole("dialog");
  await expect(form.getByLabel("Amount, EUR")).toHaveValue("1,000");
  await form.getByLabel("Amount, EUR").fill("0");
  await form.getByRole("button", { name: "Record", exact: true }).click();
  await expect(form).toBeVisible();
  await form.getByLabel("Amount, EUR").fill("1200");
  await form.getByRole("button", { name: "Record", exact: true }).click();
  await expect(form).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Payments" })).toContainText("€0");
  expect((await api.get("invoice", first)).fields).toMatchObject({ state: "paid", paid: 1000, debt: 0 });

  await page.goto(`/records/invoice/${second}`);
  const debt = async () => (await api.get("invoice", second)).fields.debt;
  await expect(page.getByRole("main")).toContainText("€200 of the client is left over");
  await page.getByRole("main").getByRole("button", { name: /^Use what is left over/ }).click();
  await expect.poll(debt).toBe(300.5);
  await page.getByRole("main").getByRole("button", { name: /^Take back/ }).click();
  await expect.poll(debt).toBe(500.5);
});
