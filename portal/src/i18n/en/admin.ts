/** Texts of administration pages, loaded with the first of them. */
import imports from "./imports.json";
import plugins from "./plugins.json";
import settings from "./settings.json";

export default { imports, plugins, settings };
