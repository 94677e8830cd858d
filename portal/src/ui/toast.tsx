/** Short messages at the bottom left: what happened, and a way back from it. */
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { messageOf } from "@/api/problem";
import i18next from "@/i18n";
import classes from "./toast.module.css";

interface Toast {
  title?: string;
  message: string;
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

/** A refusal or a lost connection, in the server's own words. */
export function toastError(error: unknown, title?: string): void {
  toast({ title, message: messageOf(error, i18next.t("common:network")), kind: "error" });
}
