/** Texts of the settings of messages, loaded with them. */
import messages from "./messages.json";
import watch from "./watch.json";

export default { messages, watch };
