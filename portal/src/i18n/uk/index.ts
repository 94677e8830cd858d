import board from "./board.json";
import card from "./card.json";
import common from "./common.json";
import fields from "./fields.json";
import filters from "./filters.json";
import list from "./list.json";
import session from "./session.json";
import shell from "./shell.json";

export default { board, card, common, fields, filters, list, session, shell };
