// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from "vitest";
import { ApiError, NetworkError } from "@/api/problem";
import type { Field, Fields, RecordData } from "@/api/types";
import { dropDraft } from "@/engines/drafts";
import type { FormSource } from "@/engines/source";
import { machine, shape } from "@/engines/testing/fake-source";
import { run } from "@/engines/testing/render";
import { isStarred, useForm } from "./use-form";

afterEach(() => dropDraft("new.workshop.order"));

function order(...failures: Error[]) {
  const sent: { fields: Fields; key: string }[] = [];
  const source: FormSource = {
    key: "workshop.order",
    shape,
    fields: shape.fields,
    preset: { state: "idle" },
    refs: {},
    async submit(fields, key) {
      sent.push({ fields, key });
      const failure = failures.shift();
      if (failure) throw failure;
      return machine("made", "idle", fields);
    },
  };
  return { source, sent };
}

describe("a form over any source", () => {
  it("sends what was typed over what was set, without blanks, and forgets the draft", async () => {
    const { source, sent } = order();
    const done: RecordData[] = [];
    const form = await run(() => useForm(source, { onDone: (record) => void done.push(record) }));
    await form.does(() => form.now().change("name", "Lathe"));
    await form.does(() => form.now().change("hours", null));
    await form.does(() => form.now().change("phones", [{ value: " ", kind: "work" }]));
    expect(sessionStorage.getItem("verstak.draft.new.workshop.order")).toContain("Lathe");
    await form.does(() => form.now().submit());
    expect(sent.map((one) => one.fields)).toEqual([{ state: "idle", name: "Lathe" }]);
    expect(done.map((record) => record.id)).toEqual(["made"]);
    expect(sessionStorage.getItem("verstak.draft.new.workshop.order")).toBeNull();
    form.end();
  });

  it("what the server sets by itself is shown, and sent only where another was chosen", async () => {
    const { source, sent } = order();
    const fields = source.fields.map((one) => (one.key === "state" ? { ...one, default: "idle" } : one));
    const form = await run(() => useForm({ ...source, fields }, { onDone: () => undefined }));
    expect(form.now().values.state).toBe("idle");
    await form.does(() => form.now().change("name", "Lathe"));
    await form.does(() => form.now().submit());
    expect(sent.map((one) => one.fields)).toEqual([{ name: "Lathe" }]);
    form.end();
  });

  it("a star stands where it may not stay empty: not at a default, nor at a title that another field gives", () => {
    const { source } = order();
    const title = { ...source.fields[0], key: source.shape.title_field, required: true } as Field;
    const state = { ...title, key: "state", default: "idle" } as Field;
    const phones = { ...title, key: "phones", type: "phones", required: false } as Field;
    expect(isStarred({ ...source, fields: [title, state] }, title)).toBe(true);
    expect(isStarred({ ...source, fields: [title, state] }, state)).toBe(false);
    expect(isStarred({ ...source, fields: [title, phones] }, title)).toBe(false);
  });

  it("keeps what was typed when it is closed and opened again", async () => {
    const { source } = order();
    const before = await run(() => useForm(source, { onDone: () => undefined }));
    await before.does(() => before.now().change("name", "Lathe"));
    before.end();
    const after = await run(() => useForm(source, { onDone: () => undefined }));
    expect(after.now().draft.fields).toEqual({ name: "Lathe" });
    await after.does(() => after.now().clear());
    expect([after.now().dirty, sessionStorage.length]).toEqual([false, 0]);
    after.end();
  });

  it("repeats with the same key after a lost line, with another after a refusal", async () => {
    const refusal = new ApiError({
      status: 422,
      code: "record.invalid",
      fields: { name: { code: "required", message: "Give a name." } },
    });
    const { source, sent } = order(new NetworkError(), refusal);
    const form = await run(() => useForm(source, { onDone: () => undefined }));
    await form.does(() => form.now().change("name", "Lathe"));
    await form.does(() => form.now().submit());
    expect(form.now().problem).toBeInstanceOf(NetworkError);
    await form.does(() => form.now().submit());
    expect(form.now().reasonFor("name")).toBe("Give a name.");
    expect(form.now().problem).toBeUndefined();
    await form.does(() => form.now().submit());
    expect(sent[1]?.key).toBe(sent[0]?.key);
    expect(sent[2]?.key).not.toBe(sent[1]?.key);
    form.end();
  });

  it("what has no name is not sent: the reason stands at the title until it has one", async () => {
    const { source, sent } = order();
    const form = await run(() => useForm(source, { onDone: () => undefined }));
    await form.does(() => form.now().change("name", "   "));
    await form.does(() => form.now().submit());
    expect([sent.length, form.now().failures, form.now().reasonFor("name")]).toEqual([
      0,
      1,
      expect.any(String),
    ]);
    await form.does(() => form.now().change("name", "Lathe"));
    expect(form.now().reasonFor("name")).toBeUndefined();
    await form.does(() => form.now().submit());
    expect(sent.map(({ fields }) => fields.name)).toEqual(["Lathe"]);
    form.end();
  });

  it("says above the form what no field of it can show", async () => {
    const { source } = order(
      new ApiError({
        status: 422,
        code: "record.invalid",
        fields: { owner: { code: "x", message: "Whose?" } },
      }),
    );
    const form = await run(() => useForm(source, { onDone: () => undefined }));
    await form.does(() => form.now().change("name", "Lathe"));
    await form.does(() => form.now().submit());
    expect(form.now().problem).toBeInstanceOf(ApiError);
    form.end();
  });
});
