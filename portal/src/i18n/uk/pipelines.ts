/** Texts of pipelines with their stages, loaded with them. */
import pipelines from "./pipelines.json";

export default { pipelines };
