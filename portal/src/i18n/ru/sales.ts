/** Texts of what is sold, loaded with it. */
import sales from "./sales.json";

export default { sales };
