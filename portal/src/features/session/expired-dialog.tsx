/**
 * Over any page when the session ended: sign in again and everything waiting goes on. To somebody who is typing it is
 * a line at the top, so that no letter lands elsewhere; otherwise the form opens at once.
 */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { queryClient } from "@/api/query-client";
import { useMe } from "@/api/session";
import { sessionGate } from "@/api/session-gate";
import { Banner } from "@/ui/frame";
import { SignInForm } from "./sign-in-form";

export default function ExpiredDialog() {
  const { t } = useTranslation("session");
  const router = useRouter();
  const me = useMe();
  const ended = useSyncExternalStore(sessionGate.subscribe, sessionGate.isOpen);
  const [asked, setAsked] = useState(false);
  useEffect(() => setAsked(ended && !isTyping()), [ended]);
  const open = ended && asked;

  const leave = () => {
    sessionGate.settle(false);
    const next = router.state.location.href;
    void router.navigate({ to: "/sign-in", search: { next } }).then(() => queryClient.clear());
  };

  if (ended && !asked) {
    return (
      <Banner
        text={t("expired_title")}
        action={
          <Button size="compact-sm" onClick={() => setAsked(true)}>
            {t("submit")}
          </Button>
        }
      />
    );
  }
  return (
    <Modal
      opened={open}
      onClose={leave}
      title={t("expired_title")}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      size={400}
      zIndex={550}
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("expired_text")}
        </Text>
        {open && (
          <SignInForm email={me.user.email} tenant={me.tenant.slug} onDone={() => sessionGate.settle(true)} />
        )}
        <Button variant="subtle" color="gray" onClick={leave}>
          {t("leave")}
        </Button>
      </Stack>
    </Modal>
  );
}

function isTyping(): boolean {
  return document.activeElement?.matches("input:not([type=checkbox]):not([type=radio]), textarea") ?? false;
}
