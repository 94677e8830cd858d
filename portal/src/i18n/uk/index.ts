import board from "./board.json";
import common from "./common.json";
import fields from "./fields.json";
import session from "./session.json";
import shell from "./shell.json";

export default { board, common, fields, session, shell };
