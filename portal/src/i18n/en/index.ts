import common from "./common.json";
import session from "./session.json";
import shell from "./shell.json";

export default { common, session, shell };
