/** Texts of administration pages, loaded with the first of them. */
import plugins from "./plugins.json";

export default { plugins };
