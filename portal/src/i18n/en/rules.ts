/** Texts of the settings of fields, rules and automation, loaded with them. */
import automation from "./automation.json";
import rules from "./rules.json";

export default { automation, rules };
