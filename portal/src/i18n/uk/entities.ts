/** Texts of the settings of kinds of records, loaded with them. */
import entities from "./entities.json";
import icons from "./icons.json";

export default { entities, icons };
