/**
 * Names of the API's shapes as the portal calls them. Every shape is the generated description's
 * (`schema.d.ts`, made by `cargo xtask codegen`); what stands here beside names narrows a value the
 * description leaves open.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];
/** What a call sends, by the description's name. */
export type Body<Name extends keyof Schemas> = Schemas[Name];

export type Id = string;
/** A JSON value of a record's field; its meaning comes from the field's type in the catalogue. */
export type Value = unknown;
export type Fields = Schemas["RecordView"]["fields"];
export type Locale = Schemas["Locale"];
export type Me = Schemas["Me"];

export type Entity = Schemas["EntityView"];
export type Field = Schemas["FieldView"];
export type FieldType = Schemas["FieldType"];
export type Choice = Schemas["ChoiceView"];
export type Pipeline = Schemas["PipelineView"];
export type Stage = Schemas["StageView"];
export type StageSemantic = Schemas["Semantic"];

export type CardLayout = Schemas["Layout"];
export type CardTab = Schemas["CardTab"];
export type RelatedList = Schemas["LayoutRelated"];

export type RecordData = Schemas["RecordView"];
export type RecordPage = Schemas["PageView"];
export type Ref = Schemas["RefView"];
export type Refs = Record<Id, Ref>;

export type Filter = Schemas["Filter"];
export type FilterOp = Schemas["FilterOp"];
export type Comparison = Extract<Filter, { field: string }>;
export type RelativeDay = Exclude<Schemas["PeriodName"], "days_ago" | "days_ahead">;
export type Sort = Schemas["SortKey"];
export type RecordQuery = Schemas["QueryBody"];
export type AggregateQuery = Schemas["AggregateBody"];
export type AggregateRow = Schemas["GroupView"];

/** One entry of a multi-value field: a phone, an e-mail, a site, a messenger. */
export type MultiValue = Schemas["MultiValue"];

/** Problem details; what is not ours (a proxy's answer) has the status and a code made of it. */
export type Problem = Partial<Schemas["Problem"]> & Pick<Schemas["Problem"], "status" | "code">;

export type BulkRequest = Schemas["BulkBody"];
export type BulkResult = Schemas["BulkResult"];
export type BulkAnswer = Schemas["BulkView"];
/** Long work and how far it is; what comes out of it depends on its kind. */
export type SurfaceView = Schemas["SurfaceView"];
export type AnyJob = Schemas["JobView"];
export type UndoAnswer = Schemas["UndoneView"];

export type TimelineItem = Schemas["EntryView"];
export type View = Schemas["SavedView"];
export type ViewConfig = Schemas["ViewConfig"];

export type UserRow = Schemas["UserView"];
export type Department = Schemas["DepartmentView"];
export type Action = Schemas["Action"];
export type AccessRow = Schemas["AccessRow"];
export type FieldRight = Schemas["FieldRight"];
export type Role = Schemas["RoleView"];
export type PipelineConfig = Schemas["PipelineConfig"];
export type PipelineChange = Schemas["PipelineChange"];
export type DirectoryHead = Schemas["DirectoryHead"];
export type DirectoryView = Schemas["DirectoryView"];
export type DirectoryItem = Schemas["DirectoryItem"];
export type DirectoryChange = Schemas["DirectoryChange"];
export type ProcessAction = Schemas["ProcessAction"];
export type ProcessRights = Required<Schemas["ProcessRights"]>;
export type Definition = Schemas["DefinitionView"];
export type Instance = Schemas["InstanceView"];
export type Incident = Schemas["IncidentView"];
export type Visit = Schemas["VisitView"];
export type DryRun = Schemas["DryRun"];
export type ProcessTemplate = Schemas["Items_TemplateView"]["items"][number];
/** What the author of a process should know; an error keeps it from running. */
export interface ProcessProblem {
  /** Empty: the file as a whole. */
  element: string;
  severity: "error" | "warning";
  message: string;
}
export type Task = Schemas["Task"];
export type TaskField = Schemas["FormField"];
export type TaskEvent = Schemas["TaskEvent"];
export type Count = Schemas["Count"];
export type PersonCount = Schemas["PersonCount"];
export type Notification = Schemas["Notification"];
export type Calendar = Schemas["CalendarSettings"];
export type CalendarDay = Schemas["DaySettings"];
export type Session = Schemas["SessionView"];
export type Invitation = Schemas["Invitation"];
export type AuditAct = Schemas["ActView"];
export type Token = Schemas["TokenView"];
export type TokenScope = Schemas["Scope"];

export type Plugin = Schemas["PluginSummary"];
export type PluginJob = Schemas["PluginJob"];
export type PluginJobRun = Schemas["PluginJobRun"];
export type PluginDetail = Schemas["PluginDetail"];
export type PluginSetting = Schemas["PluginSetting"];
export type PluginCost = Schemas["PluginCost"];
export type Breaker = Schemas["BreakerState"];
export type LogLevel = Schemas["LogLevel"];
export type LogLine = Schemas["LogEntry"];

export type Measure = Schemas["MeasureView"];
export type MeasureUnit = Schemas["MeasureUnit"];
export type ReportQuestion = Schemas["ReportQuery"];
export type ReportAnswer = Schemas["ReportAnswer"];
export type ReportRow = Schemas["ReportRow"];
export type ReportFigures = Schemas["ReportFigures"];
export type ReportColumn = Schemas["ReportColumn"];
/** What opens the records behind a figure. */
export type Drill = Schemas["ReportDrill"];
export type Rate = Schemas["Rate"];

export type FileView = Schemas["FileView"];
export type Import = Schemas["Import"];
export type ImportState = Schemas["ImportState"];
export type ImportColumn = Schemas["ImportColumn"];
export type ImportTarget = Schemas["ImportTarget"];
export type Mapped = Schemas["Mapped"];
export type Duplicates = Schemas["Duplicates"];
export type ImportHeader = Schemas["ImportHeader"];
export type ImportReason = Schemas["ImportReason"];
export type ColumnValue = Schemas["ImportColumnValue"];
export type ColumnValues = Schemas["ImportColumnValues"];
export type ValueMeaning = Schemas["ValueMeaning"];

/** `event: record` of the live stream. */
export type RecordEvent = Schemas["StreamRecord"];
