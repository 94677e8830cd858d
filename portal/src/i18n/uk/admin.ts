/** Texts of administration pages, loaded with the first of them. */
import imports from "./imports.json";
import plugins from "./plugins.json";

export default { imports, plugins };
