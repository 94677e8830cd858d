/** Texts of the settings of messages, loaded with them. */
import messages from "./messages.json";

export default { messages };
