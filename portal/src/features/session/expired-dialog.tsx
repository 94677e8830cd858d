/** Over any page when the session ended: sign in again and everything waiting goes on. */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { queryClient } from "@/api/query-client";
import { useMe } from "@/api/session";
import { sessionGate } from "@/api/session-gate";
import { SignInForm } from "./sign-in-form";

export function ExpiredDialog() {
  const { t } = useTranslation("session");
  const router = useRouter();
  const me = useMe();
  const open = useSyncExternalStore(sessionGate.subscribe, sessionGate.isOpen);

  const leave = () => {
    sessionGate.settle(false);
    const next = router.state.location.href;
    void router.navigate({ to: "/sign-in", search: { next } }).then(() => queryClient.clear());
  };

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
