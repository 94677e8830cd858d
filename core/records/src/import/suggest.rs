//! Which field a column probably is: by the field's key, its labels in every language, and the names that other
//! products and people's own tables use.

use kernel::Locale;
use kernel::access::Rights;
use kernel::value::FieldType;
use serde::{Deserialize, Serialize};

use super::exports_of_others::{LINES, OTHERS};
use super::report::ERROR_COLUMN;
use super::synonyms::{KIND_WORDS, SYNONYMS};
use super::{lines, problem};
use crate::catalogue::{EntityDef, FieldDef, field_label};

/// A target that is no field: a name in one cell, split into its parts.
pub const FULL_NAME: &str = "full_name";
/// What a full name is split into.
pub(super) const NAMES: [&str; 3] = ["last_name", "first_name", "middle_name"];

/// A column that goes into a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// Index of the column, from 0.
    pub column: usize,
    /// Key of the field; `full_name` = split into last, first and middle name; none = left out.
    #[serde(default)]
    pub field: Option<String>,
    /// What cells of the column mean that mean something else, or nothing, as they stand. Up to 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueMeaning>,
}

/// What a cell means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueMeaning {
    /// The text of the cell (of a list: of one item); letter case does not matter. Up to 300 characters.
    pub from: String,
    /// What is read instead: the key of a choice or a stage, the id or the name of a record. None: nothing.
    #[serde(default)]
    pub to: Option<String>,
}

/// Something that a column may go into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportTarget)]
pub struct Target {
    /// Key of the field, or `full_name`.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// Whether several columns may go into it.
    pub many: bool,
}

/// Lower case words with single spaces: punctuation, `ё` and numbering do not matter.
fn normal(header: &str) -> String {
    let lower = header.to_lowercase().replace('ё', "е").replace(['’', '`', '"'], "'");
    let words: String = lower.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same without words that only tell the kind, and without numbers.
fn bare(normal: &str) -> String {
    let meaning = |word: &&str| !KIND_WORDS.contains(word) && !word.chars().all(|c| c.is_ascii_digit());
    normal.split(' ').filter(meaning).collect::<Vec<_>>().join(" ")
}

/// Whether the person may fill the field by an import.
pub(super) fn fillable(def: &EntityDef, field: &FieldDef, rights: &Rights) -> bool {
    let kind = !matches!(
        field.kind,
        FieldType::Pipeline | FieldType::Department | FieldType::Address | FieldType::File | FieldType::Formula
    );
    kind && !field.system && def.shows(rights, field) && rights.changes(&def.key, &field.key)
}

/// Everything columns may go into.
pub(super) fn targets(def: &EntityDef, rights: &Rights, locale: Locale) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    if has_names(def, rights) {
        all.push(Target { key: FULL_NAME.into(), label: problem::label(FULL_NAME, locale), many: false });
    }
    let fields = def.fields.iter().filter(|field| fillable(def, field, rights));
    all.extend(fields.map(|field| Target {
        key: field.key.to_string(),
        label: field_label(def, field, locale),
        many: field.kind.is_multi(),
    }));
    if lines::has(def, rights) {
        all.extend(lines::PARTS.iter().map(|part| Target {
            key: part.key.to_owned(),
            label: problem::label(part.key, locale),
            many: false,
        }));
    }
    all
}

/// Whether a full name has somewhere to go.
pub(super) fn has_names(def: &EntityDef, rights: &Rights) -> bool {
    NAMES.iter().all(|key| def.field(key).is_some_and(|f| fillable(def, f, rights)))
}

/// A mapping for columns with these names.
pub(super) fn suggest(def: &EntityDef, rights: &Rights, columns: &[String]) -> Vec<Mapped> {
    let targets = targets(def, rights, Locale::En);
    let names: Vec<String> = columns.iter().map(|name| normal(name)).collect();
    let mut taken: Vec<&str> = Vec::new();
    let mut chosen: Vec<Option<String>> = vec![None; columns.len()];
    // Exact names first, so that `Phone` is not taken by a column that only resembles it.
    for loose in [false, true] {
        for (name, place) in names.iter().zip(&mut chosen).filter(|(name, _)| *name != ERROR_COLUMN && !name.is_empty())
        {
            if place.is_some() {
                continue;
            }
            let free =
                |key: &str| targets.iter().find(|t| t.key == key && (t.many || !taken.contains(&t.key.as_str())));
            if let Some(target) = candidates(def, name, loose).iter().find_map(|key| free(key)) {
                taken.push(&target.key);
                *place = Some(target.key.clone());
            }
        }
    }
    if chosen.iter().flatten().any(|key| NAMES.contains(&key.as_str())) {
        chosen.iter_mut().filter(|key| key.as_deref() == Some(FULL_NAME)).for_each(|key| *key = None);
    }
    // A number without a product is no product row.
    let sold = |key: &String| key == "rows.product" || key == "rows.title";
    if !chosen.iter().flatten().any(sold) {
        chosen
            .iter_mut()
            .filter(|key| key.as_deref().is_some_and(|key| lines::part_of(key).is_some()))
            .for_each(|key| *key = None);
    }
    chosen.into_iter().enumerate().map(|(column, field)| Mapped { column, field, values: Vec::new() }).collect()
}

/// The fields a name may mean, best first.
fn candidates<'a>(def: &'a EntityDef, name: &str, loose: bool) -> Vec<&'a str> {
    let bare = bare(name);
    let name = if loose { bare.as_str() } else { name };
    let mut keys: Vec<&'a str> = Vec::new();
    for scope in [def.key.as_str(), "*"] {
        let all = SYNONYMS.iter().chain(OTHERS);
        let named = all.filter(|(entity, _, names)| *entity == scope && names.contains(&name));
        keys.extend(named.map(|(_, key, _)| *key));
    }
    let labelled = def.fields.iter().filter(|field| {
        normal(&field.key) == name || Locale::ALL.iter().any(|l| normal(&field_label(def, field, *l)) == name)
    });
    keys.extend(labelled.map(|field| field.key.as_str()));
    keys.extend(LINES.iter().filter(|(_, names)| names.contains(&name)).map(|(key, _)| *key));
    if loose && keys.is_empty() {
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if has(&["mail", "почт", "пошт"]) {
            keys.push("emails");
        } else if has(&["телефон", "phone"]) {
            keys.push("phones");
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entity: &str, headers: &[(&str, &str)]) {
        let catalogue = crate::Catalogue::core();
        let def = catalogue.entity(entity).unwrap();
        let names: Vec<String> = headers.iter().map(|(name, _)| (*name).to_owned()).collect();
        let got: Vec<(String, String)> = suggest(def, &Rights::everything(), &names)
            .into_iter()
            .map(|m| (names[m.column].clone(), m.field.unwrap_or_default()))
            .collect();
        let expected: Vec<(String, String)> = headers.iter().map(|(n, f)| ((*n).to_owned(), (*f).to_owned())).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn headers_of_other_products_find_their_fields() {
        // Bitrix24, leads.
        check(
            "lead",
            &[
                ("ID", "origin_id"),
                ("Стадия", "stage"),
                ("Название лида", "title"),
                ("Обращение", "honorific"),
                ("Имя", "first_name"),
                ("Отчество", "middle_name"),
                ("Фамилия", "last_name"),
                ("Дата рождения", "birthdate"),
                ("Рабочий телефон", "phones"),
                ("Мобильный телефон", "phones"),
                ("Рабочий e-mail", "emails"),
                ("Корпоративный сайт", "sites"),
                ("Контакт Telegram", "messengers"),
                ("Название компании", "company_title"),
                ("Должность", "position"),
                ("Источник", "source"),
                ("Сумма", "amount"),
                ("Валюта", "currency"),
                ("Ответственный", "owner"),
                ("Комментарий", "comments"),
                ("Дата создания", ""),
                ("error", ""),
            ],
        );
        // amoCRM, deals.
        check(
            "deal",
            &[
                ("Название сделки", "title"),
                ("Бюджет, ₽", "amount"),
                ("Бюджет", ""),
                ("Этап сделки", "stage"),
                ("Основной контакт", "contacts"),
                ("Компания", "company"),
                ("Ответственный", "owner"),
                ("Примечание", "comments"),
                ("Вероятность, %", "probability"),
            ],
        );
        check(
            "lead",
            &[
                ("ПІБ", "full_name"),
                ("Телефон", "phones"),
                ("Пошта", "emails"),
                ("Місто", "address"),
                ("Джерело", "source"),
            ],
        );
        check(
            "contact",
            &[
                ("ФИО", "full_name"),
                ("Компания", "companies"),
                ("Тел. 1", "phones"),
                ("Тел. 2", "phones"),
                ("E-mail", "emails"),
            ],
        );
        check(
            "company",
            &[("Наименование", "title"), ("ИНН", "tax_id"), ("ЄДРПОУ", ""), ("Сайт", "sites"), ("Отрасль", "industry")],
        );
        check(
            "lead",
            &[
                ("first_name", "first_name"),
                ("Last name", "last_name"),
                ("PHONE", "phones"),
                ("Email", "emails"),
                ("Email", "emails"),
                ("Amount", "amount"),
                ("Amount", ""),
            ],
        );
        check("lead", &[("Имя", "first_name"), ("Контактный номер телефона", "phones"), ("", ""), ("????", "")]);
    }

    #[test]
    fn exports_of_bitrix24_and_amocrm_are_known_in_three_languages() {
        check(
            "lead",
            &[
                ("Lead Name", "title"),
                ("Second Name", "middle_name"),
                ("Work Phone", "phones"),
                ("Work E-mail", "emails"),
                ("Corporate Website", "sites"),
                ("Company Name", "company_title"),
                ("Source", "source"),
                ("Total", "amount"),
                ("Responsible person", "owner"),
            ],
        );
        check(
            "lead",
            &[
                ("Назва ліда", "title"),
                ("Ім'я", "first_name"),
                ("По батькові", "middle_name"),
                ("Прізвище", "last_name"),
                ("Робочий телефон", "phones"),
                ("Приватний e-mail", "emails"),
                ("Назва компанії", "company_title"),
                ("Відповідальний", "owner"),
            ],
        );
        // Deals with their products, one row each.
        check(
            "deal",
            &[
                ("ID", "origin_id"),
                ("Название сделки", "title"),
                ("Стадия сделки", "stage"),
                ("Сумма", "amount"),
                ("Компания", "company"),
                ("Предполагаемая дата закрытия", "close_date"),
                ("Товар", "rows.product"),
                ("Цена", "rows.price"),
                ("Количество", "rows.quantity"),
            ],
        );
        // Numbers without a product are no product rows.
        check("deal", &[("Название", "title"), ("Количество", ""), ("Цена за единицу", "")]);
        // amoCRM and Kommo.
        check(
            "deal",
            &[
                ("Назва угоди", "title"),
                ("Бюджет, ₴", "amount"),
                ("Етап угоди", "stage"),
                ("Повне ім'я контакту", "contacts"),
                ("Компанія контакту", "company"),
            ],
        );
        check(
            "deal",
            &[
                ("Lead title", "title"),
                ("Sale, $", "amount"),
                ("Lead status", "stage"),
                ("Contact's full name", "contacts"),
                ("Company", "company"),
                ("Responsible user", "owner"),
            ],
        );
        check(
            "contact",
            &[("Полное имя контакта", "full_name"), ("Рабочий прямой телефон", "phones"), ("Личный email", "emails")],
        );
    }

    #[test]
    fn price_lists_payments_and_tasks_find_their_fields() {
        check(
            "product",
            &[("Артикул", "code"), ("Номенклатура", "title"), ("Ед. изм.", "unit"), ("Категория", "category")],
        );
        check(
            "price",
            &[("Товар", "product"), ("Прайс-лист", "price_list"), ("Цена", "price"), ("Количество от", "min_quantity")],
        );
        check(
            "payment",
            &[
                ("Дата платежа", "paid_on"),
                ("Сумма", "amount"),
                ("Назначение платежа", "purpose"),
                ("ИНН", "payer_tax_id"),
            ],
        );
        check(
            "invoice",
            &[
                ("Контрагент", "company"),
                ("Срок оплаты", "due_date"),
                ("Товар", "rows.product"),
                ("НДС", "rows.tax_rate"),
            ],
        );
        check("task", &[("Задача", "title"), ("Исполнитель", "assignee"), ("Крайний срок", "due")]);
    }

    #[test]
    fn every_synonym_names_a_field_that_exists() {
        for (entity, key, _) in SYNONYMS.iter().chain(OTHERS) {
            let catalogue = crate::Catalogue::core();
            let exists = catalogue
                .entities()
                .iter()
                .filter(|def| *entity == "*" || def.key == *entity)
                .any(|def| def.field(key).is_some());
            assert!(exists || *key == FULL_NAME, "{entity} {key}");
        }
    }
}
