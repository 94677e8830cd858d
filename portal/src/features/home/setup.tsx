/** What an administrator has not done yet; nothing when all is done. */
import { IconSettings } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { departmentTreeQuery, usersQuery } from "@/api/people";
import { useMe } from "@/api/session";
import { HomeBlock, HomeLine } from "@/ui/home";

export function Setup() {
  const { t } = useTranslation("home");
  const me = useMe();
  const users = useQuery(usersQuery);
  const departments = useQuery(departmentTreeQuery);
  const steps = [
    { key: "people", todo: users.data?.length === 1, to: "/settings/people", text: t("setup_people") },
    {
      key: "departments",
      todo: departments.data?.length === 0,
      to: "/settings/departments",
      text: t("setup_departments"),
    },
    { key: "plugins", todo: me.plugins.length === 0, to: "/plugins", text: t("setup_plugins") },
  ].filter(({ todo }) => todo);
  if (steps.length === 0) return null;
  return (
    <HomeBlock title={t("setup")} icon={<IconSettings size={16} aria-hidden />}>
      {steps.map(({ key, to, text }) => (
        <HomeLine key={key} title={<Link to={to}>{text}</Link>} time="" />
      ))}
    </HomeBlock>
  );
}
