/** Who is signed in, and the menu of what is about the person. */
import { Menu, UnstyledButton } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { Person } from "@/ui/person";

const load = () => import("./user-menu-items");
const Items = lazy(load);

export function UserMenu() {
  const { t } = useTranslation("shell");
  const me = useMe();
  // On the way to it: it opens with all that it has.
  const ahead = () => void load();
  return (
    <Menu width={220} position="top-start">
      <Menu.Target>
        <UnstyledButton w="100%" title={t("user_menu")} onPointerEnter={ahead} onFocus={ahead}>
          <Person name={me.user.name} note={me.tenant.name} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Suspense fallback={null}>
          <Items />
        </Suspense>
      </Menu.Dropdown>
    </Menu>
  );
}
