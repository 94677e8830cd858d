// @vitest-environment happy-dom
import { act } from "react";
import { expect, it, vi } from "vitest";
import { ApiError } from "@/api/problem";
import type { AnyBlock } from "@/engines/blocks/tree";
import { backend, click, place, settle, show } from "@/engines/testing/block-page";

vi.mock("@/api/session", async (original) => ({
  ...(await original<object>()),
  useEntities: () => [],
  useMe: () => ({ tenant: { currency: "EUR" } }),
}));

const form: AnyBlock = {
  block: "form",
  entity: "leave",
  fields: [
    { name: "reason", label: "Reason", type: "text" },
    { name: "days", label: "Days", type: "integer", required: true },
  ],
};
const input = (label: string) => {
  const found = [...place.querySelectorAll("label")].find((one) => one.textContent?.startsWith(label));
  const named = place.querySelector<HTMLInputElement>(`input[aria-label^="${label}"]`);
  return named ?? place.querySelector<HTMLInputElement>(`[id="${found?.htmlFor}"]`);
};
const type = (label: string, text: string) =>
  act(async () => {
    const field = input(label);
    if (!field) throw new Error(`no ${label}`);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  });
const spoken = () => place.querySelector("form [role=status]")?.textContent;

it("leads to what is wrong and says it; what was sent leaves an empty form with the focus at its beginning", async () => {
  let refuse = true;
  const made: unknown[] = [];
  const given = backend(() => [], {
    create: async (entity, fields) => {
      if (refuse) {
        const reasons = { days: { code: "too_many", message: "Only 3 days are left." } };
        throw new ApiError({
          status: 422,
          code: "invalid",
          detail: "Only 3 days are left.",
          fields: reasons,
        } as never);
      }
      made.push(fields);
      return { id: "1", version: 1, entity, fields };
    },
  });
  await show([form], given, { tree: { v: 1, blocks: [form] } });
  await click("Save");
  await settle();
  expect(document.activeElement).toBe(input("Days"));
  expect(spoken()).toContain("Days");
  await type("Days", "5");
  await click("Save");
  await settle();
  expect(document.activeElement).toBe(input("Days"));
  expect(spoken()).toContain("Only 3 days are left.");
  refuse = false;
  await type("Days", "3");
  await click("Save");
  await settle();
  expect(made).toEqual([{ days: 3 }]);
  expect(input("Days")?.value).toBe("");
  expect(document.activeElement).toBe(input("Reason"));
  expect(spoken()).toBe("");
});

it("forgets what was sent where the next one at the screen is another person, and nothing that was refused", async () => {
  const asking: AnyBlock = {
    block: "form",
    fields: [{ name: "name", label: "Name", type: "text" }],
    submit: { label: "Send", act: "send", input: {} },
  };
  let errors: Record<string, string> = { name: "Say it in full." };
  const given = backend(() => [], { act: async () => ({ patches: [], errors }) });
  await show([asking], given, { tree: { v: 1, blocks: [asking] }, forgets: true });
  await type("Name", "Ivan");
  await click("Send");
  await settle();
  expect(input("Name")?.value).toBe("Ivan");
  errors = {};
  await click("Send");
  await settle();
  expect(input("Name")?.value).toBe("");
});
