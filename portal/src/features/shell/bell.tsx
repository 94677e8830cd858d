/** Whether there is something to know: the bell with the number of what is not read; the list comes when it is pressed. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBell } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";
import { countersQuery } from "@/api/work-cache";
import { withWorkTexts } from "@/i18n";
import { Badge } from "@/ui/nav";

const load = () => withWorkTexts(() => import("./notices"));
const Notices = lazy(load);

export function Bell() {
  const { t } = useTranslation("shell");
  const [opened, { open, close }] = useDisclosure(false);
  const button = useRef<HTMLButtonElement>(null);
  const { data } = useQuery(countersQuery);
  const unread = data?.unread ?? 0;
  const label = unread > 0 ? t("notices_unread", { count: unread }) : t("notices");
  return (
    <>
      <Tooltip label={label}>
        <ActionIcon
          ref={button}
          aria-label={label}
          aria-haspopup="dialog"
          onClick={open}
          // It is asked for while the hand is on its way.
          onPointerEnter={() => void load()}
          onFocus={() => void load()}
          style={{ overflow: "visible" }}
        >
          <IconBell size={18} />
          <Badge count={unread} />
        </ActionIcon>
      </Tooltip>
      {opened && (
        <Suspense>
          <Notices
            onLeave={close}
            onClose={() => {
              close();
              button.current?.focus();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
