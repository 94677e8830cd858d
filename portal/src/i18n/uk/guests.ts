/** Texts of personal links, loaded with them. */
import guests from "./guests.json";

export default { guests };
