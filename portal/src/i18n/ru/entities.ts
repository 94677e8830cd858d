/** Texts of the settings of kinds of records, loaded with them. */
import entities from "./entities.json";

export default { entities };
