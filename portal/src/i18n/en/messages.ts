/** Texts of the settings of messages and of sign-in, loaded with them. */
import messages from "./messages.json";
import providers from "./providers.json";
import watch from "./watch.json";
import webhooks from "./webhooks.json";

export default { messages, providers, watch, webhooks };
