/** What a guest writes: an answer to a quote, a comment. What was typed stays when it could not be sent. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answerAsGuest, writeAsGuest } from "@/api/guests";
import { Block, Buttons } from "@/ui/block";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { Form, FormProblem } from "@/ui/sign-in";

/** The name a guest gave last, on this device. */
const nameKey = "verstak.guest";
const nameBefore = () => localStorage.getItem(nameKey) ?? "";

export function AnswerForm({ token }: { token: string }) {
  const { t } = useTranslation(["guests", "common"]);
  const [name, setName] = useState(nameBefore);
  const [text, setText] = useState("");
  const answer = useMutation({
    mutationFn: (accept: boolean) => {
      localStorage.setItem(nameKey, name.trim());
      return answerAsGuest(token, accept, name, text);
    },
  });
  const refusal = generalRefusal(answer.error, ["name", "text"], t("common:network"));
  return (
    <Block title={t("guests:answer")}>
      {/* Enter in the name accepts nothing: an answer is given by its button. */}
      <Form label={t("guests:answer")} onSubmit={() => {}}>
        {refusal && <FormProblem>{refusal}</FormProblem>}
        <Name value={name} error={fieldRefusal(answer.error, "name")} onChange={setName} />
        <Textarea
          label={t("guests:comment")}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          error={fieldRefusal(answer.error, "text")}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Buttons>
          <Button
            loading={answer.isPending && answer.variables}
            disabled={answer.isPending}
            onClick={() => answer.mutate(true)}
          >
            {t("guests:accept")}
          </Button>
          <Button
            variant="default"
            loading={answer.isPending && !answer.variables}
            disabled={answer.isPending}
            onClick={() => answer.mutate(false)}
          >
            {t("guests:decline")}
          </Button>
        </Buttons>
      </Form>
    </Block>
  );
}

export function CommentForm({ token }: { token: string }) {
  const { t } = useTranslation(["guests", "common"]);
  const [name, setName] = useState(nameBefore);
  const [text, setText] = useState("");
  const send = useMutation({
    mutationFn: () => {
      localStorage.setItem(nameKey, name.trim());
      return writeAsGuest(token, name, text);
    },
    onSuccess: () => setText(""),
  });
  const refusal = generalRefusal(send.error, ["name", "text"], t("common:network"));
  return (
    <Form label={t("guests:write")} onSubmit={() => send.mutate()}>
      {refusal && <FormProblem>{refusal}</FormProblem>}
      <Name value={name} error={fieldRefusal(send.error, "name")} onChange={setName} />
      <Textarea
        label={t("guests:text")}
        autosize
        minRows={2}
        maxRows={10}
        value={text}
        error={fieldRefusal(send.error, "text")}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Buttons>
        <Button type="submit" loading={send.isPending}>
          {t("guests:send")}
        </Button>
      </Buttons>
    </Form>
  );
}

interface NameProps {
  value: string;
  error?: string;
  onChange(value: string): void;
}

function Name({ value, error, onChange }: NameProps) {
  const { t } = useTranslation("guests");
  return (
    <TextInput
      label={t("name")}
      autoComplete="name"
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
