/** Short messages at the bottom left: what happened, and a way back from it. */
import { Button, Progress } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { messageOf } from "@/api/problem";
import i18next from "@/i18n";
import classes from "./toast.module.css";

interface Toast {
  title?: string;
  message: ReactNode;
  /** Shown as a button; the toast goes when it is pressed. */
  action?: { label: string; run(): void };
  kind?: "plain" | "error" | "done";
  /** Milliseconds; messages with an action or a refusal stay longer. */
  stay?: number;
}

export function toast({ title, message, action, kind = "plain", stay }: Toast): void {
  const id = notifications.show({
    withBorder: false,
    color: kind === "error" ? "red" : kind === "done" ? "green" : "gray",
    autoClose: stay ?? (action || kind === "error" ? 9_000 : 4_000),
    role: kind === "error" ? "alert" : "status",
    closeButtonProps: { "aria-label": i18next.t("common:close") },
    message: (
      <div className={classes.toast}>
        <div className={classes.text}>
          {title && <div className={classes.title}>{title}</div>}
          {message}
        </div>
        {action && (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => {
              notifications.hide(id);
              action.run();
            }}
          >
            {action.label}
          </Button>
        )}
      </div>
    ),
  });
}

/** A message that stays while something goes on: `show` makes or changes it, `hide` ends it. */
export function progressToast(text: (done: number, total: number) => string) {
  let id: string | null = null;
  return {
    show({ done, total }: { done: number; total: number }) {
      const message = (
        <div className={classes.text}>
          {text(done, total)}
          <Progress value={total ? (done / total) * 100 : 100} mt={6} aria-label={text(done, total)} />
        </div>
      );
      const shown = {
        message,
        loading: true,
        autoClose: false,
        withBorder: false,
        withCloseButton: false,
      } as const;
      if (id) notifications.update({ id, ...shown });
      else id = notifications.show({ ...shown, role: "status" });
    },
    hide() {
      if (id) notifications.hide(id);
      id = null;
    },
  };
}

/** A refusal or a lost connection, in the server's own words. */
export function toastError(error: unknown, title?: string): void {
  toast({ title, message: messageOf(error, i18next.t("common:network")), kind: "error" });
}
