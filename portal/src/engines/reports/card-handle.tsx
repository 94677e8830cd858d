/** What moves and sizes a card of a dashboard: by arrows, by the pointer, by its menu. */
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconGripVertical } from "@tabler/icons-react";
import type { KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";

export interface CardMoves {
  move(by: number): void;
  /** To the place of another card. */
  moveTo(other: string): void;
  size(wider: number, taller: number): void;
  rename(): void;
  remove(): void;
}

interface Props {
  id: string;
  title: string;
  moves: CardMoves;
}

const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The handle has the focus again where its card has gone. */
export function focusHandle(id: string): void {
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`[data-handle="${CSS.escape(id)}"]`)?.focus(),
  );
}

const cardAt = (event: PointerEvent) =>
  document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-card]")?.dataset.card;

export function CardHandle({ id, title, moves }: Props) {
  const { t } = useTranslation("reports");
  const press = (event: KeyboardEvent) => {
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [across, down] = arrow;
    if (event.shiftKey) moves.size(across, down);
    else moves.move(across + down);
    focusHandle(id);
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const over = cardAt(event);
    if (over && over !== id) moves.moveTo(over);
  };
  return (
    <span style={{ display: "flex" }}>
      <ActionIcon
        data-handle={id}
        aria-label={t("card_move", { title })}
        title={t("card_move_hint")}
        style={{ cursor: "grab", touchAction: "none" }}
        onKeyDown={press}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
      >
        <IconGripVertical size={16} />
      </ActionIcon>
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <ActionIcon aria-label={t("card_menu", { title })}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={moves.rename}>{t("card_rename")}</Menu.Item>
          <Menu.Item onClick={() => moves.move(-1)}>{t("card_earlier")}</Menu.Item>
          <Menu.Item onClick={() => moves.move(1)}>{t("card_later")}</Menu.Item>
          <Menu.Item onClick={() => moves.size(1, 0)}>{t("card_wider")}</Menu.Item>
          <Menu.Item onClick={() => moves.size(-1, 0)}>{t("card_narrower")}</Menu.Item>
          <Menu.Item onClick={() => moves.size(0, 1)}>{t("card_taller")}</Menu.Item>
          <Menu.Item onClick={() => moves.size(0, -1)}>{t("card_shorter")}</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={moves.remove}>{t("card_remove")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}
