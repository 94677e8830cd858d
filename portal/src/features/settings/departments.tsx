/** The tree of departments with their heads. */
import { Button, Select, TextInput, UnstyledButton } from "@mantine/core";
import { IconPlus, IconSitemap } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  createDepartment,
  deleteDepartment,
  departmentTreeQuery,
  updateDepartment,
  usersQuery,
} from "@/api/people";
import type { Department, Id, UserRow } from "@/api/types";
import { Block, BlockBones, Secondary, TreeRow } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { PickMany } from "@/ui/pick-many";
import { EmptyState, ErrorState } from "@/ui/states";
import { toast, toastError } from "@/ui/toast";
import { possibleParents, treeOf } from "./tree";

interface Props {
  editing?: string;
  onEdit(id?: Id): void;
}

export default function Departments({ editing, onEdit }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const query = useQuery(departmentTreeQuery);
  const users = useQuery(usersQuery).data ?? [];
  const all = query.data ?? [];
  const edited = all.find(({ id }) => id === editing);
  const add = (
    <Button aria-label={t("settings:add_department")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("settings:add_department")}</IconText>
    </Button>
  );
  return (
    <Block title={t("settings:section_departments")} actions={all.length > 0 && add}>
      {query.isPending && <BlockBones label={t("common:loading")} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && all.length === 0 && (
        <EmptyState action={add}>{t("settings:no_departments")}</EmptyState>
      )}
      {treeOf(all).map(({ department, depth }) => {
        const count = users.filter((user) => user.active && user.department_id === department.id).length;
        const heads = department.head_ids
          .map((head) => users.find(({ id }) => id === head)?.name)
          .filter((name) => name !== undefined);
        return (
          <TreeRow key={department.id} depth={depth}>
            <IconSitemap size={16} aria-hidden />
            <UnstyledButton fz="inherit" onClick={() => onEdit(department.id)}>
              {department.name}
            </UnstyledButton>
            {heads.length > 0 && (
              <Secondary>
                {t("settings:heads_are", { count: heads.length, names: heads.join(", ") })}
              </Secondary>
            )}
            <Secondary>{t("settings:people_count", { count })}</Secondary>
          </TreeRow>
        );
      })}
      {(edited || editing === "new") && (
        <DepartmentForm key={editing} department={edited} all={all} users={users} onClose={() => onEdit()} />
      )}
    </Block>
  );
}

interface FormProps {
  department?: Department;
  all: Department[];
  users: UserRow[];
  onClose(): void;
}

function DepartmentForm({ department, all, users, onClose }: FormProps) {
  const { t } = useTranslation(["settings", "common", "fields"]);
  const [values, setValues] = useState({
    name: department?.name ?? "",
    parent_id: department?.parent_id ?? null,
    head_ids: department?.head_ids ?? [],
  });
  const put = (part: Partial<typeof values>) => setValues((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const input = { ...values, name: values.name.trim() };
      return department ? updateDepartment(department.id, input) : createDepartment(input);
    },
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  const remove = useMutation({
    mutationFn: (id: Id) => deleteDepartment(id),
    onSuccess: () => {
      const { name } = values;
      const again = () => void createDepartment(values).catch((error: unknown) => toastError(error, name));
      toast({
        message: t("settings:department_deleted", { name }),
        action: { label: t("common:undo"), run: again },
      });
      onClose();
    },
    onError: (error) => toastError(error, t("settings:not_deleted", { name: values.name })),
  });
  const clear = { clearable: true, clearButtonProps: { "aria-label": t("fields:clear") } };
  return (
    <FormDrawer
      title={department?.name ?? t("settings:add_department")}
      submit={t(department ? "common:save" : "common:add")}
      values={values}
      pending={save.isPending}
      error={save.error}
      fields={["name", "parent_id", "head_ids"]}
      extra={
        department && (
          <Button
            variant="subtle"
            color="gray"
            loading={remove.isPending}
            onClick={() => remove.mutate(department.id)}
          >
            {t("common:delete")}
          </Button>
        )
      }
      onClose={onClose}
      onSubmit={() => save.mutate()}
    >
      <TextInput
        label={t("settings:title")}
        name="name"
        data-autofocus
        value={values.name}
        error={fieldRefusal(save.error, "name")}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <Select
        {...clear}
        label={t("settings:parent")}
        data={possibleParents(all, department?.id).map(({ department: { id, name }, depth }) => ({
          value: id,
          label: `${"\u2003".repeat(depth)}${name}`,
        }))}
        searchable
        placeholder={t("settings:top_level")}
        value={values.parent_id}
        error={fieldRefusal(save.error, "parent_id")}
        onChange={(parent_id) => put({ parent_id })}
      />
      <PickMany
        label={t("settings:heads")}
        description={t("settings:heads_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={users
          .filter((user) => user.active || values.head_ids.includes(user.id))
          .map(({ id, name }) => ({ value: id, label: name }))}
        placeholder={values.head_ids.length > 0 ? undefined : t("common:not_set")}
        nothingFoundMessage={t("fields:nothing_found")}
        value={values.head_ids}
        error={fieldRefusal(save.error, "head_ids") ?? fieldRefusal(save.error, "head_id")}
        onChange={(head_ids) => put({ head_ids })}
      />
    </FormDrawer>
  );
}
