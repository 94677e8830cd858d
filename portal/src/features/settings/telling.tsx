/** How one wants to be told: each kind in the portal, by letter, in the daily digest; nothing outside of working time. */
import { Checkbox, Switch } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { saveTelling, tellingQuery } from "@/api/notifications";
import type { Body } from "@/api/types";
import { Block, BlockBones, type Column, DataTable, Hint, Notice } from "@/ui/block";
import { ErrorState } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { channels, type Kind, kindsOf, withChannel, wordOf } from "./telling-model";

type View = Body<"NotificationSettingsView">;

export default function Telling() {
  const { t } = useTranslation(["common"]);
  const query = useQuery(tellingQuery);
  if (query.isPending) return <BlockBones label={t("common:loading")} />;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <Chosen view={query.data} />;
}

/** Each choice is kept at once; one that was not kept is shown as it was. */
function Chosen({ view }: { view: View }) {
  const { t } = useTranslation(["watch", "shell"]);
  const save = useMutation({ mutationFn: saveTelling, onError: (error) => toastError(error) });
  const shown = save.isPending ? { ...view, ...save.variables } : view;
  const quiet = shown.quiet ?? false;
  const kinds = shown.kinds ?? {};
  const columns: Column<Kind>[] = [
    {
      key: "kind",
      label: t("watch:telling_kind"),
      grow: true,
      render: (kind) => t(`watch:telling_${wordOf(kind)}`),
    },
    ...channels.map(
      (channel): Column<Kind> => ({
        key: channel,
        label: t(`watch:telling_${channel}`),
        render: (kind) => (
          <Checkbox
            aria-label={`${t(`watch:telling_${wordOf(kind)}`)}: ${t(`watch:telling_${channel}`)}`}
            checked={kinds[kind]?.[channel] ?? false}
            disabled={channel === "portal" && view.always.includes(kind)}
            onChange={(event) =>
              save.mutate({ quiet, kinds: withChannel(kinds, kind, channel, event.currentTarget.checked) })
            }
          />
        ),
      }),
    ),
  ];
  return (
    <Block title={t("shell:notices")} note={t("watch:telling_note")}>
      <Switch
        label={t("watch:telling_quiet")}
        description={t("watch:telling_quiet_hint")}
        checked={quiet}
        onChange={(event) => save.mutate({ quiet: event.currentTarget.checked, kinds })}
      />
      {!view.mail && <Notice tone="warn">{t("watch:telling_no_mail")}</Notice>}
      <DataTable label={t("shell:notices")} columns={columns} rows={kindsOf(kinds)} keyOf={(kind) => kind} />
      <Hint>{t("watch:telling_always")}</Hint>
    </Block>
  );
}
