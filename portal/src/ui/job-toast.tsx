/** A message about long work that goes on beside the page: how far it is, and a way to stop it. */
import { Button, Progress } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import classes from "./toast.module.css";

export interface JobToast {
  id: string;
  text: string;
  /** 0 to 100. */
  share: number;
  cancel: string;
  onCancel(): void;
}

/** Makes it, or changes the one of the same id. */
export function jobToast({ id, text, share, cancel, onCancel }: JobToast): void {
  const shown = {
    id,
    loading: true,
    autoClose: false,
    withBorder: false,
    withCloseButton: false,
    message: (
      <div className={classes.toast}>
        <div className={classes.text}>
          {text}
          <Progress value={share} mt={6} aria-label={text} />
        </div>
        <Button variant="subtle" size="compact-xs" onClick={onCancel}>
          {cancel}
        </Button>
      </div>
    ),
  } as const;
  // Of an id that is shown already nothing new is made.
  notifications.show({ ...shown, role: "status" });
  notifications.update(shown);
}

export const endJobToast = (id: string): void => {
  notifications.hide(id);
};
