/** `/settings/{section}`: oneself, and for administrators the company, its people and their rights. */
import { IconSettings } from "@tabler/icons-react";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { SurfaceView } from "@/api/types";
import { SlotSurface, useSlot } from "@/engines/slots";
import {
  withConfigurationTexts,
  withDirectoryTexts,
  withEntityTexts,
  withMessageTexts,
  withPipelineTexts,
  withRuleTexts,
  withTemplateTexts,
} from "@/i18n";
import { type SettingsGroup, type SettingsSection, settingsGroups } from "@/state/search";
import { BlockBones } from "@/ui/block";
import { NavGroup, NavLabel, navItemClass } from "@/ui/nav";
import { NotFound } from "@/ui/not-found";
import { PageBody, PageHeader } from "@/ui/page";
import { focusToggle, Sections, sectionKeys } from "@/ui/sections";

// Each is loaded when first opened.
const Automations = lazy(() => withRuleTexts(() => withPipelineTexts(() => import("./automations"))));
const Audit = lazy(() => import("./audit"));
const Calendars = lazy(() => import("./calendars"));
const Company = lazy(() => import("./company"));
const Configuration = lazy(() => withConfigurationTexts(() => import("./configuration")));
const Departments = lazy(() => import("./departments"));
const Directories = lazy(() => withDirectoryTexts(() => import("./directories")));
const Entities = lazy(() => withEntityTexts(() => import("./entities")));
const Fields = lazy(() => withRuleTexts(() => import("./fields")));
const Messages = lazy(() => withMessageTexts(() => import("./messages")));
const People = lazy(() => import("./people"));
const Pipelines = lazy(() => withPipelineTexts(() => import("./pipelines-section")));
const Providers = lazy(() => withMessageTexts(() => import("./providers")));
const Profile = lazy(() => import("./profile"));
const Rates = lazy(() => import("./rates"));
const Roles = lazy(() => import("./roles"));
const Telling = lazy(() => withMessageTexts(() => import("./telling")));
const Templates = lazy(() => withTemplateTexts(() => import("./templates/templates")));
const Tokens = lazy(() => import("./tokens"));
const Webhooks = lazy(() => withMessageTexts(() => import("./webhooks")));

/** A surface's part of the address. */
const nameOf = ({ plugin, id }: SurfaceView) => `${plugin}~${id}`;

const route = getRouteApi("/shell/settings/$section");

export default function SettingsPage() {
  const { t } = useTranslation(["settings", "shell", "common"]);
  const navigate = useNavigate();
  const { section: wanted } = route.useParams();
  const { edit } = route.useSearch();
  const [open, setOpen] = useState(false);
  const { groups, modules } = useGroups();
  const entry = groups.flatMap(({ entries }) => entries).find(({ key }) => key === wanted);
  if (!entry) return <NotFound />;
  const section = entry.key;
  const module = modules.find((one) => nameOf(one) === section);
  const onEdit = (id?: string) =>
    void navigate({ to: "/settings/$section", params: { section }, search: id ? { edit: id } : {} });
  return (
    <>
      <PageHeader icon={<IconSettings size={18} />} title={t("shell:settings")} />
      <Sections
        label={t("shell:settings")}
        current={entry.title}
        open={open}
        onOpen={setOpen}
        links={<SectionLinks groups={groups} onFold={() => setOpen(false)} />}
      >
        <PageBody key={section}>
          {module && <SlotSurface surface={module} />}
          <Suspense fallback={<BlockBones label={t("common:loading")} />}>
            <Section section={section} editing={edit} onEdit={onEdit} />
          </Suspense>
        </PageBody>
      </Sections>
    </>
  );
}

interface Group {
  key: string;
  title: string;
  entries: { key: string; title: string }[];
}

/** What somebody may open, in groups; and what modules bring among it. */
function useGroups(): { groups: Group[]; modules: SurfaceView[] } {
  const { t } = useTranslation(["settings", "shell"]);
  const me = useMe();
  const mine = useSlot("settings.mine");
  const company = useSlot("settings.page");
  const surface = (one: SurfaceView) => ({ key: nameOf(one), title: one.title });
  const section = (one: SettingsSection) => ({
    key: one,
    title: one === "telling" ? t("shell:notices") : t(`settings:section_${one}`),
  });
  const keys = Object.keys(settingsGroups) as SettingsGroup[];
  const groups: Group[] = keys
    .filter((key) => key === "mine" || me.admin)
    .map((key) => {
      const sections: readonly SettingsSection[] = settingsGroups[key];
      const entries = [...sections.map(section), ...(key === "mine" ? mine.map(surface) : [])];
      return { key, title: t(`settings:group_${key}`), entries };
    });
  const brought = me.admin ? company : [];
  if (brought.length > 0) {
    groups.push({ key: "modules", title: t("settings:group_modules"), entries: brought.map(surface) });
  }
  return { groups, modules: [...mine, ...brought] };
}

function SectionLinks({ groups, onFold }: { groups: Group[]; onFold(): void }) {
  return groups.map(({ key, title, entries }) => (
    <NavGroup key={key} title={title}>
      {entries.map((one) => (
        <Link
          key={one.key}
          to="/settings/$section"
          params={{ section: one.key }}
          className={navItemClass}
          activeOptions={{ includeSearch: false }}
          onClick={({ currentTarget }) => {
            focusToggle(currentTarget.closest("nav"));
            onFold();
          }}
          onKeyDown={(event) => sectionKeys(event, onFold)}
        >
          <NavLabel>{one.title}</NavLabel>
        </Link>
      ))}
    </NavGroup>
  ));
}

interface SectionProps {
  section: string;
  editing?: string;
  onEdit(id?: string): void;
}

function Section({ section, ...editor }: SectionProps) {
  return (
    <>
      {section === "profile" && <Profile />}
      {section === "telling" && <Telling />}
      {section === "tokens" && <Tokens {...editor} />}
      {section === "company" && <Company />}
      {section === "people" && <People {...editor} />}
      {section === "departments" && <Departments {...editor} />}
      {section === "roles" && <Roles {...editor} />}
      {section === "providers" && <Providers {...editor} />}
      {section === "pipelines" && <Pipelines {...editor} />}
      {section === "entities" && <Entities {...editor} />}
      {section === "fields" && <Fields {...editor} />}
      {section === "directories" && <Directories {...editor} />}
      {section === "automation" && <Automations {...editor} />}
      {section === "templates" && <Templates {...editor} />}
      {section === "rates" && <Rates {...editor} />}
      {section === "calendars" && <Calendars {...editor} />}
      {section === "messages" && <Messages {...editor} />}
      {section === "webhooks" && <Webhooks {...editor} />}
      {section === "configuration" && <Configuration />}
      {section === "audit" && <Audit />}
    </>
  );
}
