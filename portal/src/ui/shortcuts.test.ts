import { describe, expect, it } from "vitest";
import { isPressed } from "./shortcuts";

const press = (key: string, code: string, held: "ctrl" | "meta" | "shift" | "alt" | "" = "") => ({
  key,
  code,
  ctrlKey: held === "ctrl",
  metaKey: held === "meta",
  altKey: held === "alt",
  shiftKey: held === "shift",
});
const palette = { key: "k", code: "KeyK", mod: true };
const search = { key: "/", code: "Slash" };
const help = { key: "?", code: "Slash", shift: true };

describe("shortcuts", () => {
  it("go by the place of a key where the layout has no such letter", () => {
    expect(isPressed(palette, press("k", "KeyK", "ctrl"))).toBe(true);
    expect(isPressed(palette, press("л", "KeyK", "ctrl"))).toBe(true);
    expect(isPressed(palette, press("Л", "KeyK", "meta"))).toBe(true);
    expect(isPressed(search, press(".", "Slash"))).toBe(true);
    expect(isPressed(search, press("/", "Backslash", "shift"))).toBe(true);
    expect(isPressed(help, press(",", "Slash", "shift"))).toBe(true);
  });

  it("go by the letter where there is one", () => {
    expect(isPressed(palette, press("k", "KeyV", "ctrl"))).toBe(true);
    expect(isPressed(palette, press("t", "KeyK", "ctrl"))).toBe(false);
    expect(isPressed(palette, press("k", "KeyK"))).toBe(false);
    expect(isPressed(search, press("?", "Slash", "shift"))).toBe(false);
    expect(isPressed(help, press("/", "Slash"))).toBe(false);
  });
});
