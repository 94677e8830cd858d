/** Texts of merges, duplicates and exports, loaded with the first of them. */
import records from "./records.json";

export default { records };
