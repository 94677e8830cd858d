// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import i18next, { startI18n } from ".";

afterEach(() => vi.restoreAllMocks());

it("a text that is missing is an error of the page, one that is there is none", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  await startI18n();
  expect(i18next.t("common:close")).not.toBe("close");
  expect(told).not.toHaveBeenCalled();
  i18next.t("blocks:cancel");
  expect(told).toHaveBeenCalledWith("no text: blocks:cancel");
});
