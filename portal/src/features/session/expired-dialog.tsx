/**
 * Over any page when the session ended: sign in again and everything waiting goes on. To somebody who is typing it is
 * a line at the top, so that no letter lands elsewhere; otherwise the form opens at once.
 */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { signInOfferQuery, useMe, whoNow } from "@/api/session";
import { sessionGate } from "@/api/session-gate";
import type { Me } from "@/api/types";
import { Banner } from "@/ui/frame";
import { FormProblem } from "@/ui/sign-in";
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

  // What was drawn as somebody else does not go on as whoever signs in now, and nothing on it waits.
  useEffect(() => {
    if (ended && me.viewing) leave();
  });

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
        {open && <Elsewhere me={me} />}
        <Button variant="subtle" color="gray" onClick={leave}>
          {t("leave")}
        </Button>
      </Stack>
    </Modal>
  );
}

/** For whoever has no password here: they sign in by a provider in another tab, and what is typed here stays. */
function Elsewhere({ me }: { me: Me }) {
  const { t } = useTranslation(["session", "common"]);
  const offer = useQuery(signInOfferQuery(me.tenant.slug));
  const check = useMutation({
    mutationFn: whoNow,
    onSuccess: (now) => {
      if (now.user.id === me.user.id) sessionGate.settle(true);
    },
  });
  if (!offer.data?.items.length) return null;
  const refused = check.isSuccess || (check.error instanceof ApiError && check.error.status === 401);
  const problem = refused
    ? t("session:elsewhere_not", { email: me.user.email })
    : check.error && messageOf(check.error, t("common:network"));
  return (
    <>
      {problem && <FormProblem>{problem}</FormProblem>}
      <Button
        component="a"
        variant="default"
        href={`/sign-in?company=${encodeURIComponent(me.tenant.slug)}`}
        target="_blank"
        rel="noopener"
      >
        {t("session:elsewhere")}
      </Button>
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        {t("session:elsewhere_done")}
      </Button>
    </>
  );
}

function isTyping(): boolean {
  return document.activeElement?.matches("input:not([type=checkbox]):not([type=radio]), textarea") ?? false;
}
