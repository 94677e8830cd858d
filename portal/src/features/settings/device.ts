/** A browser and its machine by what the browser calls itself: enough to tell one's own devices apart. Pure. */

/** In the order in which they must be looked for: all of them also call themselves by their forebears. */
const browsers: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bVersion\/[\d.]+.*\bSafari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** Absent when it said nothing; what is not known is shown as it called itself. */
export function deviceOf(agent: string): string | undefined {
  const of = (known: [RegExp, string][]) => known.find(([mark]) => mark.test(agent))?.[1];
  const words = [of(browsers), of(systems)].filter((word) => word !== undefined);
  return words.join(" · ") || agent.trim().slice(0, 60) || undefined;
}
