/**
 * Letters out: the mail server, its pace and the signature of the domain are of the installation and stand in its
 * configuration; here it is said which keys these are, and the record for the DNS is made of the public key.
 */
import { Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Block, Code, Facts, Hint, Pair } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { CardSection } from "@/ui/panel";
import { dkimRecord } from "./dkim";

export function MailBlock() {
  const { t } = useTranslation("messages");
  return (
    <Block title={t("mail")} note={t("mail_note")}>
      <Facts
        items={[
          { label: t("mail_server"), value: <Code>mail.host, mail.port, mail.tls, mail.from</Code> },
          {
            label: t("pace"),
            value: (
              <>
                <Code>mail.per_second</Code> {t("mail_pace")}
              </>
            ),
          },
          {
            label: t("dkim"),
            value: (
              <>
                <Code>mail.dkim_domain, mail.dkim_selector, mail.dkim_key_file</Code> {t("dkim_text")}
              </>
            ),
          },
        ]}
      />
      <CardSection title={t("dkim_record")} folded>
        <Dkim />
      </CardSection>
    </Block>
  );
}

function Dkim() {
  const { t } = useTranslation("messages");
  const [domain, setDomain] = useState("");
  const [selector, setSelector] = useState("");
  const [key, setKey] = useState("");
  const made = dkimRecord(domain, selector, key);
  // Something is wrong only where something stands.
  const at = { domain, selector, key, private: key };
  const said = typeof made === "string" && at[made].trim() ? made : undefined;
  return (
    <>
      <Hint>{t("dkim_record_text")}</Hint>
      <Pair>
        <TextInput
          label={t("dkim_domain")}
          placeholder="acme.example"
          value={domain}
          error={said === "domain" && t("dkim_wrong_domain")}
          onChange={(event) => setDomain(event.currentTarget.value)}
        />
        <TextInput
          label={t("dkim_selector")}
          placeholder="s1"
          value={selector}
          error={said === "selector" && t("dkim_wrong_selector")}
          onChange={(event) => setSelector(event.currentTarget.value)}
        />
      </Pair>
      <Textarea
        label={t("dkim_key")}
        description={t("dkim_key_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        autosize
        minRows={3}
        maxRows={10}
        spellCheck={false}
        placeholder="-----BEGIN PUBLIC KEY-----"
        value={key}
        error={(said === "private" || said === "key") && t(`dkim_wrong_${said}`)}
        onChange={(event) => setKey(event.currentTarget.value)}
      />
      {typeof made === "object" && (
        <dl aria-label={t("dkim_record")}>
          <dt>{t("dkim_name")}</dt>
          <dd style={{ margin: 0 }}>
            <CopyLine label={t("dkim_name")} value={made.name} />
          </dd>
          <dt>{t("dkim_value")}</dt>
          <dd style={{ margin: 0 }}>
            <CopyLine label={t("dkim_value")} value={made.value} />
          </dd>
        </dl>
      )}
    </>
  );
}
