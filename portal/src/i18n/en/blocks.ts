/** Texts of blocks, loaded with the first page, tab or file that is made of them. */
import blocks from "./blocks.json";

export default { blocks };
