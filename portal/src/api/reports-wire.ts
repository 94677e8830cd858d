/**
 * Names of the shapes of reports, as the portal calls them. Every shape is the generated description's; what is more
 * than a name narrows what the description leaves open: a question is kept as it came.
 */
import type { components } from "./schema";
import type { ReportQuestion } from "./types";

type Schemas = components["schemas"];

export type Sharing = Schemas["ReportSharing"];
export type ReportKind = Schemas["ReportKind"];
export type SavedReport = Schemas["SavedReport"];
export type SavedInput = Schemas["NewSavedReport"];
export type PeriodInput = Schemas["ReportPeriod"];

export type FunnelQuestion = Partial<Schemas["FunnelInput"]> & { over: "stage" | "process" };
export type FunnelAnswer = Schemas["Funnel"];
export type FunnelRow = Schemas["FunnelRow"];
export type ForecastQuestion = Partial<Schemas["ForecastInput"]>;
export type ForecastAnswer = Schemas["Forecast"];
export type ForecastBucket = Schemas["ForecastBucket"];
export type ManagersQuestion = Partial<Schemas["ManagersInput"]>;
export type ManagersAnswer = Schemas["Managers"];

export type PlanWho = Schemas["PlanWho"];
export type PlanKind = Schemas["PlanPeriodKind"];
export type Plan = Schemas["PlanView"];
export type PlanInput = Schemas["PlanInput"];
export type Plans = Schemas["Plans"];
export type Hint = Schemas["Hint"];

export type HomeRole = Schemas["HomeRole"];
export const homeRoles = [
  "manager",
  "head",
  "owner",
  "marketer",
  "operator",
  "administrator",
] as const satisfies HomeRole[];

type Questions = {
  question: ReportQuestion;
  funnel: FunnelQuestion;
  forecast: ForecastQuestion;
  managers: ManagersQuestion;
};
type Asked<C> = C extends { kind: infer K extends keyof Questions }
  ? Omit<C, "question"> & { question: Questions[K] }
  : C;
export type CardContent = Asked<Schemas["DashboardCardContent"]>;
/** A card at its place in a grid of twelve columns. */
export type DashboardCard = Omit<Schemas["DashboardCard"], "card"> & { card: CardContent };
export type Dashboard = Omit<Schemas["Dashboard"], "cards"> & { cards: DashboardCard[] };
export type DashboardInput = Omit<Schemas["DashboardInput"], "cards"> & { cards: DashboardCard[] };
export type CardAnswer = Schemas["DashboardCardView"];
export type DashboardAnswer = Schemas["ReadDashboard"];

export type ScheduleInput = Required<Schemas["NewReportSchedule"]> & { enabled: boolean };
export type Schedule = Schemas["ReportSchedule"];
