/** One's second factor: how it stands, setting it up with an app of codes, switching it off. */
import { Button, Image, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { beginFactor, confirmFactor, factorQuery, removeFactor } from "@/api/people";
import { useMe } from "@/api/session";
import { Block, BlockBones, Lead, Notice } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { PasswordInput } from "@/ui/password";
import { ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";

export function SecondFactor() {
  const { t } = useTranslation(["settings", "common"]);
  const query = useQuery(factorQuery);
  const [open, setOpen] = useState<"begin" | "remove" | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const on = query.data?.on ?? false;
  return (
    <Block
      title={t("settings:factor")}
      note={t("settings:factor_note")}
      actions={
        query.isSuccess && (
          <Button variant="default" onClick={() => setOpen(on ? "remove" : "begin")}>
            {t(on ? "settings:factor_remove" : "settings:factor_set_up")}
          </Button>
        )
      }
    >
      {query.isPending && <BlockBones label={t("common:loading")} rows={1} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {codes && (
        <Notice tone="ok" title={t("settings:factor_codes")}>
          {t("settings:factor_codes_text")}
          <CopyLine label={t("settings:factor_codes")} value={codes.join(" ")} />
          <Button variant="default" onClick={() => setCodes(null)}>
            {t("settings:factor_kept")}
          </Button>
        </Notice>
      )}
      {query.isSuccess && !codes && (
        <Lead>
          {on ? t("settings:factor_on", { count: query.data.recovery_left }) : t("settings:factor_off")}
        </Lead>
      )}
      {open === "begin" && (
        <Begin
          onClose={() => setOpen(null)}
          onDone={(made) => {
            setOpen(null);
            setCodes(made);
          }}
        />
      )}
      {open === "remove" && <Remove onClose={() => setOpen(null)} />}
    </Block>
  );
}

/** First the password, then the picture and the first code. */
function Begin({ onClose, onDone }: { onClose(): void; onDone(codes: string[]): void }) {
  const { t } = useTranslation("settings");
  const [present, setPresent] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: () => beginFactor(present) });
  const confirm = useMutation({
    mutationFn: () => confirmFactor(code.trim()),
    onSuccess: ({ codes }) => onDone(codes),
  });
  const begun = begin.data;
  return (
    <FormDrawer
      title={t("factor")}
      submit={t(begun ? "factor_confirm" : "factor_next")}
      values={{ code }}
      pending={begin.isPending || confirm.isPending}
      error={begun ? confirm.error : begin.error}
      fields={["present", "code"]}
      onClose={onClose}
      onSubmit={() => (begun ? confirm.mutate() : begin.mutate())}
    >
      {!begun && <PresentPassword value={present} onChange={setPresent} error={begin.error} />}
      {begun && (
        <>
          <FormNote>{t("factor_scan")}</FormNote>
          <Image
            w={200}
            alt={t("factor_picture")}
            src={`data:image/svg+xml;utf8,${encodeURIComponent(begun.picture)}`}
          />
          <CopyLine label={t("factor_key")} value={begun.secret} />
          <TextInput
            label={t("factor_code")}
            name="totp"
            autoComplete="one-time-code"
            inputMode="numeric"
            autoFocus
            value={code}
            error={fieldRefusal(confirm.error, "code")}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        </>
      )}
    </FormDrawer>
  );
}

function Remove({ onClose }: { onClose(): void }) {
  const { t } = useTranslation("settings");
  const [present, setPresent] = useState("");
  const remove = useMutation({
    mutationFn: () => removeFactor(present),
    onSuccess: () => {
      toast({ message: t("factor_removed"), kind: "done" });
      onClose();
    },
  });
  return (
    <FormDrawer
      title={t("factor_remove")}
      submit={t("factor_remove")}
      values={{}}
      pending={remove.isPending}
      error={remove.error}
      fields={["present"]}
      onClose={onClose}
      onSubmit={() => remove.mutate()}
    >
      <PresentPassword value={present} onChange={setPresent} error={remove.error} />
    </FormDrawer>
  );
}

function PresentPassword(props: { value: string; error: unknown; onChange(value: string): void }) {
  const { t } = useTranslation("settings");
  const me = useMe();
  return (
    <>
      <input type="text" name="username" autoComplete="username" value={me.user.email} readOnly hidden />
      <PasswordInput
        label={t("present_password")}
        name="present"
        autoComplete="current-password"
        data-autofocus
        value={props.value}
        error={fieldRefusal(props.error, "present")}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    </>
  );
}
