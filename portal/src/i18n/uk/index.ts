import board from "./board.json";
import card from "./card.json";
import common from "./common.json";
import fields from "./fields.json";
import filters from "./filters.json";
import home from "./home.json";
import list from "./list.json";
import palette from "./palette.json";
import session from "./session.json";
import shell from "./shell.json";

export default { board, card, common, fields, filters, home, list, palette, session, shell };
