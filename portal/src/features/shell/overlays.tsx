/** What opens above any page by keyboard: the command palette and the list of shortcuts. */
import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { closeOverlay } from "@/state/overlay";
import { ShortcutTable } from "@/ui/palette";
import { Palette } from "./palette";

export default function Overlays({ overlay }: { overlay: "palette" | "shortcuts" }) {
  return overlay === "palette" ? <Palette onClose={closeOverlay} /> : <Shortcuts />;
}

function Shortcuts() {
  const { t } = useTranslation(["palette", "common", "shell"]);
  const groups = [
    {
      title: t("palette:everywhere"),
      keys: [
        { keys: ["Ctrl", "K"], text: t("palette:key_palette") },
        { keys: ["/"], text: t("palette:key_search") },
        { keys: ["Ctrl", "\\"], text: t("palette:key_panel") },
        { keys: ["Esc"], text: t("palette:key_close") },
        { keys: ["?"], text: t("palette:key_help") },
      ],
    },
    {
      title: t("palette:on_board"),
      keys: [
        { keys: ["←", "→", "↑", "↓"], text: t("palette:key_walk") },
        { keys: ["Alt", "←", "→"], text: t("palette:key_move") },
        { keys: ["M"], text: t("palette:key_stage") },
      ],
    },
    {
      title: t("palette:in_list"),
      keys: [
        { keys: ["Enter"], text: t("palette:key_edit") },
        { keys: ["Space"], text: t("palette:key_select") },
        { keys: ["Tab"], text: t("palette:key_next") },
        { keys: ["Ctrl", "Enter"], text: t("palette:key_note") },
      ],
    },
  ];
  return (
    <Modal
      opened
      onClose={closeOverlay}
      title={t("shell:shortcuts")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <ShortcutTable groups={groups} />
    </Modal>
  );
}
