/** Personal links to a page of a module for people without an account: whose they are, until when; each may be ended. */
import { Button, Popover } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { endPublicLink, type PublicLink, type PublicPage, publicLinksQuery } from "@/api/public";
import { formatDateTime } from "@/i18n/format";
import { BlockBones, Hint, ItemBody, ItemLine, ItemList } from "@/ui/block";
import { PopoverForm } from "@/ui/chips";
import { ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";

/** As many as the server tells. */
const most = 200;

export default function PublicLinks({ plugin, page }: { plugin: string; page: PublicPage }) {
  const { t } = useTranslation(["plugins", "common"]);
  const links = useQuery(publicLinksQuery(plugin, page.id));
  if (links.isPending) return <BlockBones label={t("common:loading")} rows={2} />;
  if (!links.data) return <ErrorState error={links.error} retry={() => void links.refetch()} />;
  if (links.data.length === 0) return <Hint>{t("plugins:links_none")}</Hint>;
  return (
    <>
      <ItemList>
        {links.data.map((link) => (
          <ItemLine key={link.id}>
            <Line plugin={plugin} page={page} link={link} />
          </ItemLine>
        ))}
      </ItemList>
      {links.data.length >= most && <Hint>{t("plugins:links_newest", { most })}</Hint>}
    </>
  );
}

function Line({ plugin, page, link }: { plugin: string; page: PublicPage; link: PublicLink }) {
  const { t } = useTranslation("plugins");
  const name = link.title || t("link_unnamed");
  const times = { made: formatDateTime(link.created_at), until: formatDateTime(link.expires_at) };
  return (
    <ItemBody
      title={name}
      note={t("link_times", times)}
      aside={<End plugin={plugin} page={page.id} link={link} name={name} />}
    />
  );
}

function End({ plugin, page, link, name }: { plugin: string; page: string; link: PublicLink; name: string }) {
  const { t } = useTranslation("plugins");
  const [asking, setAsking] = useState(false);
  const end = useMutation({
    mutationFn: () => endPublicLink(plugin, page, link.id),
    onSuccess: () => toast({ message: t("link_ended", { name }) }),
    onError: (error) => toastError(error, name),
  });
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={t("link_end_of", { name })}
          onClick={() => setAsking(!asking)}
        >
          {t("link_end")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm onSubmit={() => end.mutate()}>
          {t("link_end_text")}
          <Button type="submit" color="red" loading={end.isPending}>
            {t("link_end")}
          </Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}
