/** How messages leave and come in: gateways of SMS, mail, incoming addresses, and what plugins sent. */
import { GatewaysBlock } from "./gateways";
import { Inboxes } from "./inboxes";
import { MailBlock } from "./mail-block";
import { PluginMessages } from "./plugin-messages";

interface Props {
  /** Key of a gateway; `new` makes one. */
  editing?: string;
  onEdit(key?: string): void;
}

export default function MessagesSection({ editing, onEdit }: Props) {
  return (
    <>
      <GatewaysBlock editing={editing} onEdit={onEdit} />
      <MailBlock />
      <Inboxes />
      <PluginMessages />
    </>
  );
}
