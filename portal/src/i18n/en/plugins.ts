/** Texts of the administration of plugins, loaded with the first of its pages. */
import plugins from "./plugins.json";

export default { plugins };
