/** Texts of documents of sale, loaded with the first card of what is sold. */
import documents from "./documents.json";

export default { documents };
