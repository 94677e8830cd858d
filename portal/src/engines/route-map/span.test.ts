import { expect, it } from "vitest";
import { spanOf } from "./span";

it("is days, hours and minutes, and never negative", () => {
  expect(spanOf("2026-11-29T10:00:00Z", "2026-12-01T13:05:59Z")).toEqual({ days: 2, hours: 3, minutes: 5 });
  expect(spanOf("2026-11-29T10:00:00Z", "2026-11-29T09:00:00Z")).toEqual({ days: 0, hours: 0, minutes: 0 });
});
