/** Texts of the settings, loaded with the first of their pages. */
import settings from "./settings.json";

export default { settings };
