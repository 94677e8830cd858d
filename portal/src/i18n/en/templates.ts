/** Texts of the settings of templates of papers, loaded with them. */
import templates from "./templates.json";

export default { templates };
