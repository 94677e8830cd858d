import { describe, expect, it } from "vitest";
import type { ConfigurationPlan } from "./configuration-api";
import { isBlocked, isIdle, linesOf } from "./configuration-model";

const plan = (parts: Partial<ConfigurationPlan>): ConfigurationPlan => ({
  create: [],
  change: [],
  same: [],
  missing: [],
  conflicts: [],
  applied: false,
  ...parts,
});

describe("a plan", () => {
  const trouble = {
    area: "rules",
    key: "deal.Dear",
    part: "check",
    message: "No such field.",
    blocks: true,
  } as const;

  it("tells first what stands in the way, and what is the same only when asked", () => {
    const whole = plan({
      create: [{ area: "roles", key: "clerk", after: {} }],
      change: [
        { area: "fields", key: "deal.x_a", before: {}, after: {} },
        { area: "views", key: "deal.list.Old", before: {} },
      ],
      same: [{ area: "pipelines", key: "deal.main" }],
      missing: [trouble],
      conflicts: [{ ...trouble, part: undefined }],
    });
    const said = (same: boolean) => linesOf(whole, same).map(({ kind, key }) => `${kind} ${key}`);
    const first = [
      "missing deal.Dear",
      "conflict deal.Dear",
      "create clerk",
      "change deal.x_a",
      "remove deal.list.Old",
    ];
    expect(said(false)).toEqual(first);
    expect(said(true)).toEqual([...first, "same deal.main"]);
    const [missing, conflict] = linesOf(whole, false);
    expect([missing?.message, conflict?.message]).toEqual(["check: No such field.", "No such field."]);
    expect(new Set(linesOf(whole, true).map(({ id }) => id)).size).toBe(6);
  });

  it("is blocked by what blocks alone", () => {
    expect(isBlocked(plan({ missing: [trouble] }))).toBe(true);
    expect(isBlocked(plan({ missing: [{ ...trouble, blocks: false }] }))).toBe(false);
    expect(isIdle(plan({ missing: [trouble] }))).toBe(true);
    expect(isIdle(plan({ create: [{ area: "roles", key: "clerk" }] }))).toBe(false);
  });
});
