import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import {
  formatClock,
  formatDate,
  formatExactMoney,
  formatMoney,
  formatMoneyShort,
  formatNumber,
  formatPhone,
  formatRelative,
  initials,
} from "./format";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

beforeAll(async () => {
  await i18next.init({ lng: "ru", resources: {} });
});

describe("formats in Russian", () => {
  it("writes money without needless cents and with an unknown currency as it is", () => {
    expect(plain(formatMoney(1_250_000, "RUB"))).toBe("1 250 000 ₽");
    expect(plain(formatMoney(12.5, "EUR"))).toBe("12,50 €");
    expect(plain(formatMoney(10, "not a code"))).toBe("10 not a code");
    expect(plain(formatMoney(-12.5, "EUR"))).toBe("−12,50 €");
    expect(plain(formatExactMoney(1_000, "EUR"))).toBe("1 000,00 €");
    expect(formatNumber(-7)).toBe("−7");
    expect(plain(formatMoneyShort(1_240_000, "RUB"))).toBe("1,2 млн ₽");
  });

  it("writes a calendar date without moving it by a time zone", () => {
    expect(plain(formatDate("2026-01-01"))).toBe("1 янв. 2026 г.");
    expect(formatDate("nonsense")).toBe("nonsense");
  });

  it("writes a moment by the clock, with its date on another day and the zone where it matters", () => {
    const now = new Date(2026, 2, 10, 18).getTime();
    expect(formatClock(new Date(2026, 2, 10, 9, 3).getTime(), now)).toBe("09:03");
    expect(plain(formatClock(new Date(2026, 2, 9, 18, 0).getTime(), now))).toBe("9 мар., 18:00");
    expect(plain(formatClock(new Date(2025, 11, 31, 9, 0).getTime(), now))).toContain("2025");
    expect(formatClock(now, now, true)).toMatch(/^18:00 \S+/);
  });

  it("says how long ago", () => {
    const now = Date.parse("2026-03-10T12:00:00Z");
    expect(formatRelative("2026-03-10T11:59:50Z", now)).toBe("сейчас");
    expect(formatRelative("2026-03-09T12:00:00Z", now)).toBe("вчера");
    expect(plain(formatRelative("2026-03-10T09:00:00Z", now))).toBe("3 ч назад");
    expect(formatRelative(new Date(2026, 2, 11, 20).toISOString(), new Date(2026, 2, 10, 5).getTime())).toBe(
      "завтра",
    );
  });

  it("groups digits, phones and initials", () => {
    expect(plain(formatNumber(1234567.891))).toBe("1 234 567,89");
    expect(formatPhone("+79161234567")).toBe("+7 916 123-45-67");
    expect(formatPhone("+380671234567")).toBe("+380 67 123-45-67");
    expect(formatPhone("112")).toBe("112");
    expect(initials("Анна Ковальчук")).toBe("АК");
    expect(initials("  ")).toBe("");
  });
});
