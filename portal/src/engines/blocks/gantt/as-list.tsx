/** A gantt on a phone: a line for each bar, its days in words. */
import { ActionIcon, Checkbox, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSay } from "@/engines/blocks/context";
import { daysBetween } from "@/engines/blocks/days";
import { GanttItem, GanttList } from "@/ui/gantt";
import type { Task } from "./model";
import { daysText, type Shared, spanOf, useTone } from "./shared";

export function AsList({
  block,
  lines,
  critical,
  closed,
  tasks,
  onToggle,
  onAsk,
  onLinks,
}: Shared & { tasks: Task[] }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const tone = useTone(block);
  const starts = tasks.map(({ start }) => start).sort();
  const first = starts[0] ?? "";
  const whole = Math.max(1, spanOf(tasks) + 1);
  return (
    <GanttList label={say(block.title) || t("gantt")}>
      {lines.map((line) => (
        <GanttItem
          key={line.task.id}
          level={line.depth}
          title={
            line.summary ? (
              <Checkbox.Card
                withBorder={false}
                checked={!closed.has(line.task.id)}
                onClick={() => onToggle(line.task.id)}
                aria-expanded={!closed.has(line.task.id)}
              >
                <strong>{line.task.label}</strong>
              </Checkbox.Card>
            ) : (
              line.task.label
            )
          }
          days={[
            daysText(line.task.start, line.task.end),
            critical.has(line.task.id) && !line.summary ? t("critical") : "",
          ]
            .filter(Boolean)
            .join(" · ")}
          left={daysBetween(first, line.task.start) / whole}
          width={(daysBetween(line.task.start, line.task.end) + 1) / whole}
          tone={tone(line.task.id)}
          critical={critical.has(line.task.id)}
          action={
            !line.summary &&
            (block.move || onLinks) && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon aria-label={t("actions_of", { what: line.task.label })}>
                    <IconDots size={16} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {block.move && <Menu.Item onClick={() => onAsk(line.task)}>{t("move_days")}</Menu.Item>}
                  {onLinks && <Menu.Item onClick={() => onLinks(line.task)}>{t("links")}</Menu.Item>}
                </Menu.Dropdown>
              </Menu>
            )
          }
        />
      ))}
    </GanttList>
  );
}
