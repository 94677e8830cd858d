/** `/settings/{section}`: oneself, and for administrators the company, its people and their rights. */
import { IconSettings } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { SurfaceView } from "@/api/types";
import { SlotSurface, useSlot } from "@/engines/slots";
import { withMessageTexts, withPipelineTexts, withRuleTexts } from "@/i18n";
import { adminSections, ownSections, type SettingsSection } from "@/state/search";
import { BlockBones } from "@/ui/block";
import { NotFound } from "@/ui/not-found";
import { PageBody, PageHeader } from "@/ui/page";
import { ViewTab, ViewTabs } from "@/ui/table";
import { Profile } from "./profile";

// Each is loaded when first opened: most people know the first one alone.
const Automations = lazy(() => withRuleTexts(() => withPipelineTexts(() => import("./automations"))));
const Audit = lazy(() => import("./audit"));
const Calendars = lazy(() => import("./calendars"));
const Company = lazy(() => import("./company"));
const Departments = lazy(() => import("./departments"));
const Fields = lazy(() => withRuleTexts(() => import("./fields")));
const Messages = lazy(() => withMessageTexts(() => import("./messages")));
const People = lazy(() => import("./people"));
const Pipelines = lazy(() => withPipelineTexts(() => import("./pipelines/pipelines")));
const Rates = lazy(() => import("./rates"));
const Roles = lazy(() => import("./roles"));
const Telling = lazy(() => withMessageTexts(() => import("./telling")));
const Tokens = lazy(() => import("./tokens"));

/** A surface's part of the address. */
const nameOf = ({ plugin, id }: SurfaceView) => `${plugin}~${id}`;

const route = getRouteApi("/shell/settings/$section");

export default function SettingsPage() {
  const { t } = useTranslation(["settings", "shell", "common"]);
  const me = useMe();
  const navigate = useNavigate();
  const { section: wanted } = route.useParams();
  const { edit } = route.useSearch();
  const open: readonly SettingsSection[] = me.admin ? [...ownSections, ...adminSections] : ownSections;
  const mine = useSlot("settings.mine");
  const company = useSlot("settings.page");
  const modules = me.admin ? [...mine, ...company] : mine;
  const module = modules.find((one) => nameOf(one) === wanted);
  const section = module ? nameOf(module) : open.find((one) => one === wanted);
  if (!section) return <NotFound />;
  const onEdit = (id?: string) =>
    void navigate({ to: "/settings/$section", params: { section }, search: id ? { edit: id } : {} });
  const editor = { editing: edit, onEdit };
  return (
    <>
      <PageHeader icon={<IconSettings size={18} />} title={t("shell:settings")} />
      <ViewTabs label={t("shell:settings")}>
        {open.map((one) => (
          <ViewTab
            key={one}
            active={one === section}
            onClick={() => void navigate({ to: "/settings/$section", params: { section: one } })}
          >
            {one === "telling" ? t("shell:notices") : t(`settings:section_${one}`)}
          </ViewTab>
        ))}
        {modules.map((one) => (
          <ViewTab
            key={nameOf(one)}
            active={one === module}
            onClick={() => void navigate({ to: "/settings/$section", params: { section: nameOf(one) } })}
          >
            {one.title}
          </ViewTab>
        ))}
      </ViewTabs>
      <PageBody>
        {module && <SlotSurface surface={module} />}
        <Suspense key={section} fallback={<BlockBones label={t("common:loading")} />}>
          {section === "profile" && <Profile />}
          {section === "telling" && <Telling />}
          {section === "tokens" && <Tokens {...editor} />}
          {section === "company" && <Company />}
          {section === "people" && <People {...editor} />}
          {section === "departments" && <Departments {...editor} />}
          {section === "roles" && <Roles {...editor} />}
          {section === "pipelines" && <Pipelines {...editor} />}
          {section === "fields" && <Fields {...editor} />}
          {section === "automation" && <Automations {...editor} />}
          {section === "rates" && <Rates {...editor} />}
          {section === "calendars" && <Calendars {...editor} />}
          {section === "messages" && <Messages {...editor} />}
          {section === "audit" && <Audit />}
        </Suspense>
      </PageBody>
    </>
  );
}
