/** Notifications, newest first. Each opens what it is about and is read then. */
import { Button, Drawer, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { markRead, notificationsQuery } from "@/api/notifications";
import { messageOf } from "@/api/problem";
import type { Notification } from "@/api/types";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { ShowMore } from "@/ui/more";
import { EmptyState, ListSkeleton } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { FootButtons, FootGap, Hint, NoticeBody, Notices, noticeClass } from "@/ui/work";

interface Props {
  onClose(): void;
  /** What a notification is about is opened instead. */
  onLeave(): void;
}

export default function NoticesDrawer({ onClose, onLeave }: Props) {
  const { t } = useTranslation(["tasks", "common"]);
  const [only, setOnly] = useState(false);
  const query = useInfiniteQuery(notificationsQuery(only));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const read = useMutation({ mutationFn: markRead, onError: (error) => toastError(error) });
  const unread = query.data?.pages[0]?.unread ?? 0;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={440}
      title={t("tasks:notices")}
      closeButtonProps={{ "aria-label": t("common:close") }}
      overlayProps={{ backgroundOpacity: 0.25 }}
    >
      <FootButtons>
        <SegmentedControl
          aria-label={t("tasks:notices")}
          value={only ? "unread" : "all"}
          onChange={(value) => setOnly(value === "unread")}
          data={[
            { value: "all", label: t("tasks:notices_all") },
            { value: "unread", label: t("tasks:notices_unread") },
          ]}
        />
        <FootGap />
        {unread > 0 && (
          <Button
            variant="subtle"
            size="compact-sm"
            loading={read.isPending}
            onClick={() => read.mutate("all")}
          >
            {t("tasks:notices_read_all")}
          </Button>
        )}
      </FootButtons>
      {query.isPending && <ListSkeleton rows={6} />}
      {query.isError && <Hint>{messageOf(query.error, t("common:network"))}</Hint>}
      {query.isSuccess && items.length === 0 && (
        <EmptyState title={t("tasks:notices_none_title")}>{t("tasks:notices_none")}</EmptyState>
      )}
      <Notices>
        {items.map((item) => (
          <Notice
            key={item.id}
            item={item}
            onOpen={() => {
              if (!item.read) read.mutate([item.id]);
              if (item.task) onLeave();
            }}
          />
        ))}
      </Notices>
      <ShowMore of={query} label={t("tasks:show_more")} />
    </Drawer>
  );
}

function Notice({ item, onOpen }: { item: Notification; onOpen(): void }) {
  const { t } = useTranslation("tasks");
  const body = (
    <NoticeBody
      unread={!item.read}
      unreadLabel={t("unread")}
      when={formatRelative(item.at, Date.now())}
      exact={formatDateTime(item.at)}
    >
      {item.text}
    </NoticeBody>
  );
  const own = { className: noticeClass, "data-unread": !item.read, "data-testid": `notice-${item.kind}` };
  return item.task ? (
    <Link to="/tasks/$id" params={{ id: item.task }} onClick={onOpen} {...own}>
      {body}
    </Link>
  ) : (
    <button type="button" onClick={onOpen} {...own}>
      {body}
    </button>
  );
}
