/** Where one is signed in: the devices, from where, when last; ending one or all others. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { endOtherSessions, endSession, sessionsQuery } from "@/api/people";
import type { Session } from "@/api/types";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Secondary, Tag } from "@/ui/block";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { Valued } from "@/ui/value";
import { deviceOf } from "./device";

export function Sessions() {
  const { t } = useTranslation(["settings", "common"]);
  const query = useQuery(sessionsQuery);
  const sessions = query.data ?? [];
  const others = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: () => toast({ message: t("settings:others_ended"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const columns: Column<Session>[] = [
    {
      key: "device",
      label: t("settings:device"),
      grow: true,
      render: (session) => (
        <>
          {deviceOf(session.agent) ?? t("settings:unknown_device")}{" "}
          {session.current && <Tag tone="accent">{t("settings:this_device")}</Tag>}
        </>
      ),
    },
    {
      key: "address",
      label: t("settings:signed_in_from"),
      render: (session) => session.address || <Secondary>{t("common:not_set")}</Secondary>,
    },
    {
      key: "created",
      label: t("settings:signed_in"),
      render: (session) => formatDateTime(session.created_at),
    },
    {
      key: "seen",
      label: t("settings:last_used"),
      render: (session) => (
        <Valued title={formatDateTime(session.seen_at)}>{formatRelative(session.seen_at, Date.now())}</Valued>
      ),
    },
    {
      key: "end",
      label: t("settings:end_session"),
      bare: true,
      render: (session) => !session.current && <EndOne session={session} />,
    },
  ];
  return (
    <Block
      title={t("settings:sessions")}
      note={t("settings:sessions_note")}
      actions={
        sessions.some(({ current }) => !current) && (
          <Button variant="default" loading={others.isPending} onClick={() => others.mutate()}>
            {t("settings:end_others")}
          </Button>
        )
      }
    >
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {sessions.length > 0 && (
        <DataTable label={t("settings:sessions")} columns={columns} rows={sessions} keyOf={({ id }) => id} />
      )}
    </Block>
  );
}

/** Without a question: signing in again undoes it. */
function EndOne({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  const device = deviceOf(session.agent) ?? t("unknown_device");
  const end = useMutation({
    mutationFn: () => endSession(session.id),
    onSuccess: () => toast({ message: t("session_ended", { device }) }),
    onError: (error) => toastError(error, device),
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      aria-label={t("end_session_of", { device })}
      loading={end.isPending}
      onClick={() => end.mutate()}
    >
      {t("end_session")}
    </Button>
  );
}
