//! What a plugin asks for, said to admins in their language. Pure.

use kernel::Locale;
use records::Catalogue;

use super::PermissionView;
use crate::manifest::{Manifest, Reasoned, TaskAction, Text};
use crate::registry::store::TenantRow;

/// What a plugin asks for, in the order of its grant keys.
pub(super) fn permissions(
    catalogue: &Catalogue,
    manifest: &Manifest,
    row: Option<&TenantRow>,
    locale: Locale,
) -> Vec<PermissionView> {
    let granted = |key: &str| row.is_some_and(|row| row.enabled && row.grants.contains(key));
    let records = manifest.permissions.records.iter().map(|(entity, asked)| {
        let key = format!("records.{entity}");
        let label = catalogue.entity_name(entity, locale);
        let field = |field: &String| catalogue.field_name(entity, field, locale);
        let list = |fields: &[String]| fields.iter().map(field).collect::<Vec<_>>().join(", ");
        let title = match (asked.read.iter().any(|one| one == "*"), asked.write.is_empty()) {
            (true, true) => words(locale, "reads_all").replace("{entity}", &label),
            (false, true) => words(locale, "reads").replace("{entity}", &label).replace("{read}", &list(&asked.read)),
            (true, false) => {
                words(locale, "writes_all").replace("{entity}", &label).replace("{write}", &list(&asked.write))
            }
            (false, false) => words(locale, "writes")
                .replace("{entity}", &label)
                .replace("{read}", &list(&asked.read))
                .replace("{write}", &list(&asked.write)),
        };
        (key, title, asked.reason.in_locale(locale).to_owned())
    });
    let asked = &manifest.permissions;
    let processes = asked.processes.as_ref().map(|asked| {
        let list = |names: &[String]| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
        let title = words(locale, "processes")
            .replace("{start}", &list(&asked.start))
            .replace("{messages}", &list(&asked.messages))
            .replace("{signals}", &list(&asked.signals));
        ("processes".to_owned(), title, &asked.reason)
    });
    let tasks = asked.tasks.as_ref().map(|asked| {
        let completes = asked.actions.contains(&TaskAction::Complete);
        let title = words(locale, if completes { "tasks_complete" } else { "tasks" });
        ("tasks".to_owned(), title.to_owned(), &asked.reason)
    });
    let plain = |key: &str, asked: &'_ Reasoned| (key.to_owned(), words(locale, key).to_owned(), asked.reason.clone());
    let people = asked.people.as_ref().map(|asked| plain("people", asked));
    let kv = asked.kv.as_ref().map(|asked| plain("kv", asked));
    let with_words = |(key, title, reason): (String, String, &Text)| (key, title, reason.clone());
    let others = processes.map(with_words).into_iter().chain(tasks.map(with_words)).chain(people).chain(kv);
    let others = others.map(|(key, title, reason)| (key, title, reason.in_locale(locale).to_owned()));
    let view =
        |(key, title, reason): (String, String, String)| PermissionView { granted: granted(&key), key, title, reason };
    records.chain(others).map(view).collect()
}

/// What permissions mean, said to admins.
const fn words(locale: Locale, key: &str) -> &'static str {
    match (locale, key.as_bytes()) {
        (Locale::En, b"reads_all") => "{entity}: sees all fields",
        (Locale::En, b"reads") => "{entity}: sees {read}",
        (Locale::En, b"writes_all") => "{entity}: sees all fields; sets {write}",
        (Locale::En, b"writes") => "{entity}: sees {read}; sets {write}",
        (Locale::En, b"people") => "Colleagues: names, roles, who is present",
        (Locale::En, b"processes") => "Processes: starts {start}; sends messages {messages}; sends signals {signals}",
        (Locale::En, b"tasks") => "Tasks: sees them",
        (Locale::En, b"tasks_complete") => "Tasks: sees and completes them",
        (Locale::En, _) => "Keeps data of its own",
        (Locale::Ru, b"reads_all") => "{entity}: видит все поля",
        (Locale::Ru, b"reads") => "{entity}: видит {read}",
        (Locale::Ru, b"writes_all") => "{entity}: видит все поля; меняет {write}",
        (Locale::Ru, b"writes") => "{entity}: видит {read}; меняет {write}",
        (Locale::Ru, b"people") => "Сотрудники: имена, роли, кто на месте",
        (Locale::Ru, b"processes") => {
            "Процессы: запускает {start}; отправляет сообщения {messages}; подаёт сигналы {signals}"
        }
        (Locale::Ru, b"tasks") => "Задачи: видит",
        (Locale::Ru, b"tasks_complete") => "Задачи: видит и завершает",
        (Locale::Ru, _) => "Хранит собственные данные",
        (Locale::Uk, b"reads_all") => "{entity}: бачить усі поля",
        (Locale::Uk, b"reads") => "{entity}: бачить {read}",
        (Locale::Uk, b"writes_all") => "{entity}: бачить усі поля; змінює {write}",
        (Locale::Uk, b"writes") => "{entity}: бачить {read}; змінює {write}",
        (Locale::Uk, b"people") => "Співробітники: імена, ролі, хто на місці",
        (Locale::Uk, b"processes") => {
            "Процеси: запускає {start}; надсилає повідомлення {messages}; подає сигнали {signals}"
        }
        (Locale::Uk, b"tasks") => "Завдання: бачить",
        (Locale::Uk, b"tasks_complete") => "Завдання: бачить і завершує",
        (Locale::Uk, _) => "Зберігає власні дані",
    }
}
