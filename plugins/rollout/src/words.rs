//! Words that the module itself puts together: lists of what is missing, titles of tasks, the closing report. All other texts are
//! keys of `i18n/`.

/// A text in a language (`en`, `ru`, `uk`), with `{name}` filled in.
pub fn say(locale: &str, key: &str, values: &[(&str, &str)]) -> String {
    let texts = TEXTS.iter().find(|(known, _)| *known == key).map(|(_, texts)| *texts);
    let [en, ru, uk] = texts.unwrap_or(["", "", ""]);
    let text = match locale {
        "ru" => ru,
        "uk" => uk,
        _ => en,
    };
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[rustfmt::skip]
const TEXTS: &[(&str, [&str; 3])] = &[
    ("task", ["task “{title}” is not done", "не выполнена задача «{title}»", "не виконано завдання «{title}»"]),
    ("item", ["not ticked: “{title}”", "не отмечено: «{title}»", "не позначено: «{title}»"]),
    ("evidence", ["no evidence: “{title}”", "нет подтверждения: «{title}»", "немає підтвердження: «{title}»"]),
    ("area", ["no process is described in the area “{title}”", "не описан процесс в области «{title}»", "не описано процес в області «{title}»"]),
    ("interviews_none", ["no interview was held", "не проведено ни одного интервью", "не проведено жодного інтерв’ю"]),
    ("interview", ["the interview “{title}” is not confirmed", "не подтверждено интервью «{title}»", "не підтверджено інтерв’ю «{title}»"]),
    ("owner", ["the project has no {title}", "в проекте не назван {title}", "у проєкті не названо: {title}"]),
    ("owner_data", ["owner of the data", "владелец данных", "власник даних"]),
    ("owner_decision", ["owner of decisions", "владелец решений", "власник рішень"]),
    ("owner_technology", ["owner of the technology", "владелец технологии", "власник технології"]),
    ("owner_budget", ["owner of the budget", "владелец бюджета", "власник бюджету"]),
    ("requirements_none", ["there are no requirements", "нет ни одного требования", "немає жодної вимоги"]),
    ("requirement", ["the requirement “{title}” is not approved", "не утверждено требование «{title}»", "не затверджено вимогу «{title}»"]),
    ("goals_count", ["2 or 3 approved goals are needed, there are {count}", "нужно 2–3 утверждённые цели, есть {count}", "потрібно 2–3 затверджені цілі, є {count}"]),
    ("version", ["no version of the plan is agreed", "ни одна версия плана не согласована", "жодну версію плану не погоджено"]),
    ("before", ["no measure before for the goal “{title}”", "нет замера «до» для цели «{title}»", "немає виміру «до» для цілі «{title}»"]),
    ("after", ["no measure after for the goal “{title}”", "нет замера «после» для цели «{title}»", "немає виміру «після» для цілі «{title}»"]),
    ("must", ["no passed test of the requirement “{title}”", "нет пройденной проверки требования «{title}»", "немає пройденої перевірки вимоги «{title}»"]),
    ("reported", ["no report was given to the board", "совету не представлен отчёт", "раді не подано звіт"]),
    ("unhealthy", ["does not work: {title}. {problem}", "не работает: {title}. {problem}", "не працює: {title}. {problem}"]),
    ("cases_none", ["there are no test cases", "нет ни одной проверки", "немає жодної перевірки"]),
    ("case", ["the test “{title}” is not passed", "не пройдена проверка «{title}»", "не пройдено перевірку «{title}»"]),
    ("load", ["no load test with figures is passed", "нет пройденного нагрузочного испытания с показателями", "немає пройденого навантажувального випробування з показниками"]),
    ("defect", ["not over, severity {severity}: “{title}”", "не закрыта ошибка тяжести {severity}: «{title}»", "не закрито помилку тяжкості {severity}: «{title}»"]),
    ("attended_none", ["nobody is on the list of a training", "никто не записан на обучение", "нікого не записано на навчання"]),
    ("attended", ["attended {percent} %, needed {needed} %", "обучено {percent} %, нужно {needed} %", "навчено {percent} %, потрібно {needed} %"]),
    ("pilot", ["the pilot has not begun", "пилот не начат", "пілот не розпочато"]),
    ("pilot_days", ["the pilot has run {days} of {needed} working days", "пилот идёт {days} из {needed} рабочих дней", "пілот триває {days} із {needed} робочих днів"]),
    ("pilot_adoption", ["adoption of the pilot is {percent} %, needed {needed} %", "освоение в пилоте {percent} %, нужно {needed} %", "освоєння в пілоті {percent} %, потрібно {needed} %"]),
    ("pilot_unknown", ["adoption of the pilot is not counted yet", "освоение в пилоте ещё не посчитано", "освоєння в пілоті ще не пораховано"]),
    ("pilot_severe", ["defects of severity 1: {count}", "ошибок тяжести 1: {count}", "помилок тяжкості 1: {count}"]),
    ("control", ["no control run is passed", "нет пройденного контрольного испытания", "немає пройденого контрольного випробування"]),
    ("notices_none", ["no notice was sent", "не отправлено ни одного оповещения", "не надіслано жодного сповіщення"]),
    ("notices", ["notices are confirmed by {percent} %, needed {needed} %", "оповещения подтвердили {percent} %, нужно {needed} %", "сповіщення підтвердили {percent} %, потрібно {needed} %"]),
    ("kpi_none", ["there are no figures of work", "нет показателей работы", "немає показників роботи"]),
    ("kpi", ["the figure of work “{title}” is not agreed", "не согласован показатель работы «{title}»", "не погоджено показник роботи «{title}»"]),
    ("product", ["no product is chosen among the tools", "среди инструментов не выбран продукт", "серед інструментів не обрано продукт"]),
    ("launch", ["the date of the full launch is not set", "не указана дата полного запуска", "не вказано дату повного запуску"]),
    ("hypercare", ["{days} of {needed} working days without a defect of severity 1", "{days} из {needed} рабочих дней без ошибок тяжести 1", "{days} із {needed} робочих днів без помилок тяжкості 1"]),
    ("role", ["nobody has the role “{title}”", "никто не назначен на роль «{title}»", "нікого не призначено на роль «{title}»"]),
    ("budget", ["the budget has no lines", "в бюджете нет статей", "у бюджеті немає статей"]),
    ("stage", ["stage {number} “{title}” is neither accepted nor overridden", "этап {number} «{title}» не принят и не пропущен", "етап {number} «{title}» не прийнято і не пропущено"]),
    ("responsible", ["stage {number} has no responsible person", "у этапа {number} нет ответственного", "етап {number} не має відповідального"]),
    ("check_absent", ["stage {number}: absences take {percent} % of the person-days", "этап {number}: отсутствия занимают {percent} % человеко-дней", "етап {number}: відсутності займають {percent} % людино-днів"]),
    ("check_busy", ["{name} has {count} tasks at once", "у {name} {count} задач одновременно", "{name} має {count} завдань одночасно"]),
    ("check_risk", ["no risk of the kind “{title}” is described", "не описан риск вида «{title}»", "не описано ризик виду «{title}»"]),
    ("check_goal", ["no goal says what success is", "ни одна цель не говорит, что считать успехом", "жодна ціль не каже, що вважати успіхом"]),
    ("check_head", ["the department “{title}” has no head", "у отдела «{title}» нет руководителя", "відділ «{title}» не має керівника"]),
    ("check_duty", ["nobody is named for: {title}", "никто не назначен: {title}", "нікого не призначено: {title}"]),
    ("check_bills", ["bills take {percent} % of the limit", "счета занимают {percent} % предела", "рахунки займають {percent} % межі"]),
    ("check_over", ["a bill over the limit waits for the board: “{title}”", "счёт сверх предела ждёт совета: «{title}»", "рахунок понад межу чекає на раду: «{title}»"]),
    ("check_trained", ["not trained: {count}", "не обучено: {count}", "не навчено: {count}"]),
    ("check_defect", ["severity {severity} waits longer than {hours} h: “{title}”", "ошибка тяжести {severity} ждёт дольше {hours} ч: «{title}»", "помилка тяжкості {severity} чекає довше {hours} год: «{title}»"]),
    ("area_sales", ["sales", "продажи", "продажі"]),
    ("area_marketing", ["marketing", "маркетинг", "маркетинг"]),
    ("area_logistics", ["logistics", "логистика", "логістика"]),
    ("area_after_sales", ["after-sales service", "послепродажное обслуживание", "післяпродажне обслуговування"]),
    ("risk_terms", ["terms", "сроки", "строки"]),
    ("risk_load", ["load of people", "загрузка людей", "завантаження людей"]),
    ("risk_resistance", ["resistance", "сопротивление", "опір"]),
    ("risk_data", ["data", "данные", "дані"]),
    ("risk_technology", ["technology", "технология", "технологія"]),
    ("metric_lead-created", ["leads created", "создано лидов", "створено лідів"]),
    ("metric_lead-first_answer", ["time to the first answer, min", "время до первого ответа, мин", "час до першої відповіді, хв"]),
    ("metric_deal-won", ["deals won", "выигранные сделки", "виграні угоди"]),
    ("metric_deal-cycle", ["deal cycle, working days", "цикл сделки, рабочих дней", "цикл угоди, робочих днів"]),
    ("metric_task-late_share", ["late tasks, %", "просроченные задачи, %", "прострочені завдання, %"]),
    ("metric_client-gained", ["clients gained", "новые клиенты", "нові клієнти"]),
    ("metric_deal-cross", ["cross-sales", "перекрёстные продажи", "перехресні продажі"]),
    ("metric_client-repeat", ["repeat buyers, %", "повторные покупатели, %", "повторні покупці, %"]),
    ("metric_satisfaction", ["client satisfaction, 1-5", "удовлетворённость клиентов, 1-5", "задоволеність клієнтів, 1-5"]),
    ("metric_routine-hours", ["hours of routine work", "часы рутинной работы", "години рутинної роботи"]),
    ("metric_other", ["another figure", "другой показатель", "інший показник"]),
    ("chance", ["Chance", "Вероятность", "Імовірність"]),
    ("impact", ["Impact", "Влияние", "Вплив"]),
    ("on_everybody", ["everybody", "все", "усі"]),
    ("on_nobody", ["nobody", "никто", "ніхто"]),
    ("few", ["too few to tell", "слишком мало данных", "замало даних"]),
    ("unlike", ["not comparable", "не сравнимо", "не порівняти"]),
    ("none", ["none", "нет", "немає"]),
    ("task_stage", ["Stage {number} is open: {title}", "Открыт этап {number}: {title}", "Відкрито етап {number}: {title}"]),
    ("task_red", ["Adoption has been red twice: talk with the department", "Освоение два раза красное: поговорите с отделом", "Освоєння двічі червоне: поговоріть із відділом"]),
    ("risk_red", ["Adoption is red: {week}", "Освоение красное: {week}", "Освоєння червоне: {week}"]),
    ("task_confirm", ["Confirm: {title}", "Подтвердите: {title}", "Підтвердьте: {title}"]),
    ("health_good", ["Everything works.", "Всё работает.", "Усе працює."]),
    ("task_health", ["Monthly check of the system and its integrations", "Ежемесячная проверка системы и интеграций", "Щомісячна перевірка системи та інтеграцій"]),
    ("task_orphan", ["Nobody has the duty “{title}”", "Обязанность без человека: «{title}»", "Обов’язок без людини: «{title}»"]),
    ("diff_new", ["new: {title}", "новая: {title}", "нове: {title}"]),
    ("diff_gone", ["gone: {title}", "убрана: {title}", "прибрано: {title}"]),
    ("diff_moved", ["{title}: {before} → {after}", "{title}: {before} → {after}", "{title}: {before} → {after}"]),
    ("diff_none", ["nothing changed", "без изменений", "без змін"]),
    ("version_title", ["Version {number}", "Версия {number}", "Версія {number}"]),
    ("subjective", ["subjective", "субъективно", "суб’єктивно"]),
    ("interim", ["Report to the board", "Отчёт совету", "Звіт раді"]),
    ("specification", ["Technical specification", "Техническое задание", "Технічне завдання"]),
    ("specification_of", ["version {version}, {date}", "версия {version}, {date}", "версія {version}, {date}"]),
    ("specification_source", ["source: {source}", "источник: {source}", "джерело: {source}"]),
    ("priority_must", ["Must", "Обязательно", "Обов’язково"]),
    ("priority_should", ["Should", "Желательно", "Бажано"]),
    ("priority_could", ["Could", "Возможно", "Можливо"]),
    ("stage_draft", ["draft", "черновик", "чернетка"]),
    ("stage_agreed", ["agreed", "согласовано", "погоджено"]),
    ("stage_approved", ["approved", "утверждено", "затверджено"]),
    ("stage_built", ["built", "сделано", "зроблено"]),
    ("stage_accepted", ["accepted", "принято", "прийнято"]),
    ("report", ["Closing report", "Отчёт о завершении", "Звіт про завершення"]),
    ("report_date", ["Project completion date", "Дата завершения проекта", "Дата завершення проєкту"]),
    ("report_statements", ["Statements", "Утверждения", "Твердження"]),
    ("confirmed", ["confirmed", "подтверждено", "підтверджено"]),
    ("denied", ["denied: {why}", "опровергнуто: {why}", "спростовано: {why}"]),
    ("report_terms", ["Terms", "Сроки", "Строки"]),
    ("report_terms_text", ["from {start} to {end}; late tasks: {late}", "с {start} по {end}; задач с отставанием: {late}", "з {start} по {end}; завдань із відставанням: {late}"]),
    ("report_goals", ["Goals", "Цели", "Цілі"]),
    ("report_goal", ["{title}: before {before} (n {n_before}), after {after} (n {n_after}), change {change}, degree {degree}", "{title}: до {before} (n {n_before}), после {after} (n {n_after}), изменение {change}, степень {degree}", "{title}: до {before} (n {n_before}), після {after} (n {n_after}), зміна {change}, ступінь {degree}"]),
    ("report_degree", ["All goals by weight: {degree}", "Все цели по весу: {degree}", "Усі цілі за вагою: {degree}"]),
    ("report_budget", ["Budget", "Бюджет", "Бюджет"]),
    ("report_budget_text", ["planned {plan}, billed {billed}, limit {limit}; effect a month {effect}, payback in months: {payback}", "план {plan}, по счетам {billed}, предел {limit}; эффект в месяц {effect}, окупаемость в месяцах: {payback}", "план {plan}, за рахунками {billed}, межа {limit}; ефект на місяць {effect}, окупність у місяцях: {payback}"]),
    ("report_overrides", ["Overrides", "Пропуски вне очереди", "Пропуски поза чергою"]),
    ("report_override", ["stage {number} “{title}”: {reason}", "этап {number} «{title}»: {reason}", "етап {number} «{title}»: {reason}"]),
    ("report_lessons", ["Lessons", "Выводы", "Висновки"]),
    ("report_after", ["Final steps", "Итоговые шаги", "Підсумкові кроки"]),
    ("why_late", ["tasks are late", "есть отставание", "є відставання"]),
    ("why_stages", ["not all stages are accepted", "приняты не все этапы", "прийнято не всі етапи"]),
    ("why_goals", ["the goals are not reached", "цели не достигнуты", "цілей не досягнуто"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_there_in_three_languages_with_the_same_places() {
        let places = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names
        };
        for (key, texts) in TEXTS {
            assert!(texts.iter().all(|text| !text.is_empty()), "{key}");
            assert!(texts.iter().all(|text| places(text) == places(texts[0])), "{key}");
        }
        assert_eq!(say("ru", "role", &[("title", "Тренер")]), "никто не назначен на роль «Тренер»");
    }
}
