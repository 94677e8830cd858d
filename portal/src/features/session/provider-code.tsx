/** The second factor of whoever came back from a provider. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { showProviderCode } from "@/api/session";
import { anchorClass, Form, FormProblem } from "@/ui/sign-in";
import { CodeInput } from "./code-input";

export function ProviderCode({ onDone }: { onDone(next: string): void }) {
  const { t } = useTranslation(["session", "common"]);
  const [code, setCode] = useState("");
  const show = useMutation({
    mutationFn: () => showProviderCode(code.trim()),
    onSuccess: ({ next }) => onDone(next),
  });
  return (
    <>
      <Form label={t("session:title")} onSubmit={() => show.mutate()}>
        {show.error && <FormProblem>{messageOf(show.error, t("common:network"))}</FormProblem>}
        <CodeInput value={code} onChange={setCode} />
        <Button type="submit" size="sm" fullWidth loading={show.isPending}>
          {t("session:submit")}
        </Button>
      </Form>
      <Link to="/sign-in" search={{}} className={anchorClass}>
        {t("session:begin_again")}
      </Link>
    </>
  );
}
