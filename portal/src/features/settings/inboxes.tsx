/** Addresses at which letters and SMS come in: made (told once), replaced, closed. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Channel, closeInbox, inboxesQuery, type NewInbox, openInbox } from "@/api/messages";
import { messageOf } from "@/api/problem";
import { formatDateTime } from "@/i18n/format";
import { Block, BlockBones, type Column, DataTable, Lead, Notice, Tag } from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { CopyLine } from "@/ui/copy";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";

interface Line {
  channel: Channel;
  created: string | undefined;
}

const channels: Channel[] = ["mail", "sms"];

export function Inboxes() {
  const { t } = useTranslation(["messages", "common"]);
  const query = useQuery(inboxesQuery);
  const [asking, setAsking] = useState<{ channel: Channel; what: "replace" | "close" }>();
  const [made, setMade] = useState<NewInbox>();
  const act = useMutation({
    mutationFn: async ({ channel, what }: { channel: Channel; what: "open" | "replace" | "close" }) => {
      if (what === "close") {
        await closeInbox(channel);
        return undefined;
      }
      return openInbox(channel);
    },
    onSuccess: (inbox, { channel }) => {
      setAsking(undefined);
      setMade(inbox);
      if (!inbox) toast({ message: t(`messages:inbox_closed_${channel}`), kind: "done" });
    },
  });
  const press = useOnce(act.mutateAsync);
  const lines: Line[] = channels.map((channel) => ({
    channel,
    created: query.data?.find((one) => one.channel === channel)?.created,
  }));
  const columns: Column<Line>[] = [
    {
      key: "channel",
      label: t("messages:channel"),
      grow: true,
      render: ({ channel }) => t(`messages:inbox_${channel}`),
    },
    {
      key: "state",
      label: t("messages:state"),
      render: ({ created }) =>
        created ? (
          <Tag tone="ok">{t("messages:inbox_since", { when: formatDateTime(created) })}</Tag>
        ) : (
          <Tag>{t("messages:inbox_none")}</Tag>
        ),
    },
    {
      key: "acts",
      label: t("messages:acts"),
      bare: true,
      render: ({ channel, created }) => {
        const name = t(`messages:inbox_${channel}`);
        const busy = act.isPending && act.variables.channel === channel;
        if (!created) {
          return (
            <Button
              variant="default"
              size="compact-sm"
              loading={busy}
              aria-label={t("messages:inbox_open_of", { name })}
              onClick={() => press({ channel, what: "open" })}
            >
              {t("messages:inbox_open")}
            </Button>
          );
        }
        const ask = (what: "replace" | "close") => () => {
          act.reset();
          setAsking({ channel, what });
        };
        return (
          <>
            <Button
              variant="default"
              size="compact-sm"
              aria-label={t("messages:inbox_replace_of", { name })}
              onClick={ask("replace")}
            >
              {t("messages:inbox_replace")}
            </Button>{" "}
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              aria-label={t("messages:inbox_close_of", { name })}
              onClick={ask("close")}
            >
              {t("messages:inbox_close")}
            </Button>
          </>
        );
      },
    },
  ];
  const refusal = act.error && <FormProblem>{messageOf(act.error, t("common:network"))}</FormProblem>;
  return (
    <Block title={t("messages:inboxes")} note={t("messages:inboxes_note")}>
      {made && (
        <Notice tone="ok" title={t("messages:inbox_made")}>
          {t(`messages:inbox_made_${made.channel}`)}
          <CopyLine label={t("messages:inbox_address")} value={`${location.origin}${made.path}`} />
        </Notice>
      )}
      {!asking && refusal}
      {query.isPending && <BlockBones label={t("common:loading")} rows={2} />}
      {query.isError && !query.data && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <DataTable
          label={t("messages:inboxes")}
          columns={columns}
          rows={lines}
          keyOf={({ channel }) => channel}
        />
      )}
      {query.data?.length === 0 && <Lead>{t("messages:inboxes_none")}</Lead>}
      {asking && (
        <Confirm
          title={t(`messages:inbox_${asking.what}_of`, { name: t(`messages:inbox_${asking.channel}`) })}
          text={t(`messages:inbox_${asking.what}_text`)}
          yes={t(`messages:inbox_${asking.what}`)}
          no={t("common:cancel")}
          close={t("common:close")}
          danger
          pending={act.isPending}
          problem={refusal}
          onYes={() => press(asking)}
          onNo={() => setAsking(undefined)}
        />
      )}
    </Block>
  );
}
