/** Texts of directories, loaded with them. */
import directories from "./directories.json";

export default { directories };
