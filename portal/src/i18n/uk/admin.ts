/** Texts of administration pages and of plugins' pages, loaded with the first of them. */
import blocks from "./blocks.json";
import imports from "./imports.json";
import plugins from "./plugins.json";
import settings from "./settings.json";

export default { blocks, imports, plugins, settings };
