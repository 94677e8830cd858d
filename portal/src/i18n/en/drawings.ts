/** Texts of the designer of processes, loaded with its first page. */
import drawings from "./drawings.json";

export default { drawings };
