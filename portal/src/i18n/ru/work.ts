/** Texts of tasks, notifications and processes, loaded with the first page of work. */
import processes from "./processes.json";
import tasks from "./tasks.json";

export default { processes, tasks };
