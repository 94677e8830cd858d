/** What opens above any page by keyboard: the command palette and the list of shortcuts. */
export default function Overlays({ overlay }: { overlay: "palette" | "shortcuts" }) {
  return overlay === "palette" ? null : null;
}
