//! What the company sells: products with a tax and a price list, so that a quote can be made at once.

use kernel::{Ctx, Locale, RecordId, Result};
use people::tenant::Tenant;
use records::{Change, Records, WriteOptions};
use serde_json::{Value as Json, json};

use super::staff::in_language;
use super::story::object;

/// A product: names in English, Russian, Ukrainian; what one costs in dollars, and from how many on less.
struct Good {
    code: &'static str,
    names: [&'static str; 3],
    category: [&'static str; 3],
    unit: [&'static str; 3],
    kind: &'static str,
    price: i64,
    wholesale: Option<(i64, i64)>,
}

const STORAGE: [&str; 3] = ["Storage", "Склад", "Склад"];
const SHOP: [&str; 3] = ["Shop fittings", "Торговое оборудование", "Торгове обладнання"];
const PACKAGING: [&str; 3] = ["Packaging", "Упаковка", "Пакування"];
const SERVICES: [&str; 3] = ["Services", "Услуги", "Послуги"];
const PIECE: [&str; 3] = ["pc", "шт.", "шт."];
const ROLL: [&str; 3] = ["roll", "рул.", "рул."];
const VISIT: [&str; 3] = ["visit", "выезд", "виїзд"];

const fn good(code: &'static str, names: [&'static str; 3], category: [&'static str; 3], price: i64) -> Good {
    Good { code, names, category, unit: PIECE, kind: "goods", price, wholesale: None }
}

const GOODS: [Good; 8] = [
    Good {
        wholesale: Some((10, 165)),
        ..good(
            "RACK-200",
            ["Warehouse rack, 200 cm", "Стеллаж складской, 200 см", "Стелаж складський, 200 см"],
            STORAGE,
            180,
        )
    },
    good("RACK-SHELF", ["Shelf for a rack", "Полка к стеллажу", "Полиця до стелажа"], STORAGE, 25),
    good(
        "CABINET-2",
        ["Steel cabinet, two doors", "Шкаф металлический, две двери", "Шафа металева, двоє дверей"],
        STORAGE,
        140,
    ),
    good(
        "TRUCK-25",
        ["Pallet truck, 2.5 t", "Тележка гидравлическая, 2,5 т", "Візок гідравлічний, 2,5 т"],
        STORAGE,
        390,
    ),
    good("CASE-120", ["Display case, 120 cm", "Витрина торговая, 120 см", "Вітрина торгова, 120 см"], SHOP, 320),
    good("COUNTER-1", ["Checkout counter", "Кассовый стол", "Касовий стіл"], SHOP, 450),
    Good {
        unit: ROLL,
        wholesale: Some((50, 8)),
        ..good("FILM-20", ["Stretch film", "Плёнка упаковочная", "Плівка пакувальна"], PACKAGING, 9)
    },
    Good {
        unit: VISIT,
        kind: "service",
        ..good("INSTALL", ["Delivery and installation", "Доставка и монтаж", "Доставка й монтаж"], SERVICES, 120)
    },
];

/// Rates of the value added tax of a country with this language, the one that holds now last: title, percent, first day.
const fn rates(locale: Locale) -> &'static [(&'static str, i64, Option<&'static str>)] {
    match locale {
        Locale::En => &[("VAT 20%", 20, None)],
        Locale::Ru => &[("НДС 20 %", 20, None), ("НДС 22 %", 22, Some("2026-01-01"))],
        Locale::Uk => &[("ПДВ 20 %", 20, None)],
    }
}

/// How many units of a currency a dollar of the story is.
pub(super) fn per_dollar(currency: &str) -> i64 {
    match currency {
        "RUB" => 90,
        "UAH" => 40,
        _ => 1,
    }
}

/// Makes the tax, the products and the price list.
pub(super) async fn make(records: &Records, ctx: &Ctx, tenant: &Tenant) -> Result<()> {
    let say = |texts| in_language(texts, tenant.locale);
    let taxes = rates(tenant.locale)
        .iter()
        .map(|(title, rate, from)| json!({"title": title, "code": "vat", "rate": rate, "valid_from": from}))
        .collect();
    let tax = write(records, ctx, "tax", taxes).await?.pop();
    let products = GOODS.iter().map(|good| {
        json!({
            "title": say(good.names), "code": good.code, "kind": good.kind, "category": say(good.category),
            "unit": say(good.unit), "tax": tax, "active": true,
        })
    });
    let products = write(records, ctx, "product", products.collect()).await?;
    // Where firms mostly name prices with the tax in them.
    let included = tenant.locale != Locale::En;
    let list = json!({
        "title": say(["Price list", "Прайс-лист", "Прайс-лист"]), "list_currency": tenant.currency, "tax_included": included,
    });
    let list = write(records, ctx, "price_list", vec![list]).await?.pop();
    let rate = per_dollar(&tenant.currency);
    let prices = GOODS.iter().zip(products).flat_map(|(good, product)| {
        let one = json!({"price_list": list, "product": product, "price": good.price * rate});
        let many = good.wholesale.map(|(from, price)| {
            json!({"price_list": list, "product": product, "min_quantity": from, "price": price * rate})
        });
        std::iter::once(one).chain(many)
    });
    write(records, ctx, "price", prices.collect()).await?;
    Ok(())
}

/// Writes records of one entity; a refusal of one of them is a fault of this story.
async fn write(records: &Records, ctx: &Ctx, entity: &str, all: Vec<Json>) -> Result<Vec<RecordId>> {
    let changes = all.into_iter().map(|fields| Change::Create { fields: object(fields) }).collect();
    let written = records.write(ctx, entity, changes, &WriteOptions::default()).await?;
    written.into_iter().map(|result| result.map(|written| written.record.id)).collect()
}
