/** Addresses a plugin answers at, and the secret that signs calls to them. */
import { ActionIcon, Button, Popover, Tooltip } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { renewPluginSecret } from "@/api/plugins";
import type { PluginDetail } from "@/api/types";
import { Block, Hint, ItemBody, ItemLine, ItemList, Lead, Notice, Tag } from "@/ui/block";
import { PopoverForm } from "@/ui/chips";
import { CopyLine } from "@/ui/copy";
import { toast, toastError } from "@/ui/toast";
import { BreakerTag } from "./level";
import { PublicPages } from "./public-pages";

/** The server names a whole address only when it knows its own. */
const whole = (url: string) => (url.startsWith("/") ? location.origin + url : url);

export function RoutesTab({ plugin }: { plugin: PluginDetail }) {
  const { t } = useTranslation("plugins");
  const signed = plugin.routes.some((route) => route.auth === "hmac");
  const pages = plugin.enabled && <PublicPages plugin={plugin} />;
  if (plugin.routes.length === 0) {
    return (
      <>
        <Lead>{t("routes_none")}</Lead>
        {pages}
      </>
    );
  }
  return (
    <>
      {pages}
      <Block title={t("routes")} note={plugin.enabled ? undefined : t("routes_off")}>
        <ItemList>
          {plugin.routes.map((route) => (
            <ItemLine key={`${route.method} ${route.path}`}>
              <ItemBody
                title={`${route.method} ${route.path}`}
                tags={
                  <>
                    <Tag tone={route.auth === "none" ? "warn" : "plain"}>{t(`auth_${route.auth}`)}</Tag>
                    <BreakerTag breaker={route.breaker} />
                  </>
                }
                note={<CopyLine label={t("address")} value={whole(route.url)} />}
              />
            </ItemLine>
          ))}
        </ItemList>
      </Block>
      {signed && (
        <Block title={t("secret")} note={t("secret_note")}>
          {plugin.secret ? (
            <Secret plugin={plugin} secret={plugin.secret} />
          ) : (
            <Notice>{t("secret_later")}</Notice>
          )}
        </Block>
      )}
    </>
  );
}

function Secret({ plugin, secret }: { plugin: PluginDetail; secret: string }) {
  const { t } = useTranslation(["plugins", "common"]);
  const [shown, setShown] = useState(false);
  const [asking, setAsking] = useState(false);
  const renew = useMutation({
    mutationFn: () => renewPluginSecret(plugin.id),
    onSuccess: () => {
      setAsking(false);
      setShown(true);
      toast({ message: t("plugins:secret_renewed"), kind: "done" });
    },
    onError: (error) => toastError(error),
  });
  const toggle = t(shown ? "plugins:secret_hide" : "plugins:secret_show");
  return (
    <>
      <CopyLine
        label={t("plugins:secret")}
        value={secret}
        shown={shown ? secret : "•".repeat(24)}
        actions={
          <>
            <Tooltip label={toggle}>
              <ActionIcon aria-label={toggle} onClick={() => setShown(!shown)}>
                {shown ? <IconEyeOff size={16} /> : <IconEye size={16} />}
              </ActionIcon>
            </Tooltip>
            <Popover opened={asking} onChange={setAsking} position="bottom-end" trapFocus>
              <Popover.Target>
                <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAsking(!asking)}>
                  {t("plugins:secret_renew")}
                </Button>
              </Popover.Target>
              <Popover.Dropdown>
                <PopoverForm onSubmit={() => renew.mutate()}>
                  {t("plugins:secret_renew_text")}
                  <Button type="submit" loading={renew.isPending}>
                    {t("plugins:secret_renew")}
                  </Button>
                </PopoverForm>
              </Popover.Dropdown>
            </Popover>
          </>
        }
      />
      <Hint>{t("plugins:secret_how")}</Hint>
    </>
  );
}
