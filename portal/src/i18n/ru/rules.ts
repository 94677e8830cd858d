/** Texts of the settings of fields and rules, loaded with them. */
import rules from "./rules.json";

export default { rules };
