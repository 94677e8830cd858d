/** Texts of imports, loaded with the first of their pages. */
import imports from "./imports.json";

export default { imports };
