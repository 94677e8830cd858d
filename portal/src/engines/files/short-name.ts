/** A file's name where there is little room: its beginning, and its ending with what it is. Pure. */
export function shortName(name: string, most = 60): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const end = 12;
  return `${letters.slice(0, most - end - 1).join("")}…${letters.slice(-end).join("")}`;
}
