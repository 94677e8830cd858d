/** Another password for oneself. It ends every session, so the person signs in again. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changePassword } from "@/api/people";
import { queryClient } from "@/api/query-client";
import { useMe } from "@/api/session";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PasswordInput } from "@/ui/password";
import { toast } from "@/ui/toast";

export function PasswordForm({ onClose }: { onClose(): void }) {
  const { t } = useTranslation("settings");
  const me = useMe();
  const navigate = useNavigate();
  const [values, setValues] = useState({ present: "", next: "", again: "" });
  const [differ, setDiffer] = useState(false);
  const put = (part: Partial<typeof values>) => {
    setDiffer(false);
    setValues((old) => ({ ...old, ...part }));
  };
  const save = useMutation({
    mutationFn: () => changePassword(values.present, values.next),
    onSuccess: async () => {
      onClose();
      await navigate({ to: "/sign-in", search: { next: "/settings/profile" } });
      queryClient.clear();
      toast({ message: t("password_changed"), kind: "done" });
    },
  });
  const wrong = fieldRefusal(save.error, "new") ?? fieldRefusal(save.error, "password");
  return (
    <FormDrawer
      title={t("change_password")}
      submit={t("change_password")}
      values={values}
      pending={save.isPending}
      error={save.error}
      fields={["present", "new", "password"]}
      onClose={onClose}
      onSubmit={() => {
        if (values.next === values.again) save.mutate();
        else setDiffer(true);
      }}
    >
      {/* For the browser's keeper of passwords: whose it is. */}
      <input type="text" name="username" autoComplete="username" value={me.user.email} readOnly hidden />
      <PasswordInput
        label={t("present_password")}
        name="present"
        autoComplete="current-password"
        data-autofocus
        value={values.present}
        error={fieldRefusal(save.error, "present")}
        onChange={(event) => put({ present: event.currentTarget.value })}
      />
      <PasswordInput
        label={t("next_password")}
        name="next"
        autoComplete="new-password"
        value={values.next}
        error={wrong}
        onChange={(event) => put({ next: event.currentTarget.value })}
      />
      <PasswordInput
        label={t("again_password")}
        name="again"
        autoComplete="new-password"
        value={values.again}
        error={differ ? t("passwords_differ") : undefined}
        onChange={(event) => put({ again: event.currentTarget.value })}
      />
      <FormNote>{t("password_note")}</FormNote>
    </FormDrawer>
  );
}
