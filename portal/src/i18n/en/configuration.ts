/** Texts of the settings of configuration, loaded with them. */
import configuration from "./configuration.json";

export default { configuration };
