/** Texts of reports, loaded with the first of them. */
import reports from "./reports.json";

export default { reports };
