//! Homes that administrators changed, and shared dashboards, on their way between companies (`kernel::moving`): roles by key, the
//! reports on cards by name. A dashboard that comes in is the importing administrator's. Whether what its cards ask is there
//! is told on them; a report that one shows must be there.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object};
use kernel::{Ctx, Error, Result, audit};
use people::role::{self, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::homes::{self, Home, HomeInput};
use super::model::{Card, Content, DashboardInput};
use super::store::{self, Row, Whose};
use crate::saved::shared_names;
use crate::sharing::Sharing;
use crate::{INVALID, invalid};

/// The first part of acts about shared dashboards in the audit log.
pub const SHARED: &str = "shared_dashboard";
/// The first part of acts about homes.
pub const HOME: &str = "home";
/// A home was put in another state.
pub(super) const HOME_CHANGED: &str = "home.changed";
/// A home is as it is built in.
pub(super) const HOME_RESTORED: &str = "home.restored";
/// Characters of a name that an error tells.
const SHOWN: usize = 80;

/// A home, or a shared dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardSpec {
    /// Of a home: for whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<Home>,
    /// Empty of a home that is called as it is built in.
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    /// With everybody.
    #[serde(default)]
    all: bool,
    /// With these roles, by key.
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    filter_bar: Json,
    cards: Vec<CardSpec>,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardSpec {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    x: u32,
    y: u32,
    w: u32,
    h: u32,
    /// `{"report": <name>}` of a saved report; otherwise as cards have it.
    card: Json,
}

/// Shared reports by name.
type Names = BTreeMap<String, Uuid>;

impl CardSpec {
    fn of(card: &Card, reports: &Names) -> Self {
        let name = match &card.card {
            Content::Report { saved } => reports.iter().find(|(_, id)| *id == saved).map(|(name, _)| name),
            _ => None,
        };
        let content = name.map_or_else(|| json!(card.card), |name| json!({ "report": name }));
        Self {
            id: card.id.clone(),
            title: card.title.clone(),
            x: card.x,
            y: card.y,
            w: card.w,
            h: card.h,
            card: content,
        }
    }

    /// The name of the report that it shows.
    fn report(&self) -> Option<&str> {
        self.card.as_object().filter(|parts| parts.len() == 1)?.get("report")?.as_str()
    }

    /// Whether it shows a report that has no name elsewhere.
    fn is_private(&self) -> bool {
        self.card.get("kind").and_then(Json::as_str) == Some("report")
    }

    /// Whether it shows a report that is none of those that move.
    fn shows_another(&self, moving: &BTreeSet<String>) -> bool {
        self.is_private() || self.report().is_some_and(|name| !moving.contains(name))
    }

    /// The same with all that may be left out.
    fn full(mut self) -> std::result::Result<Self, String> {
        if self.report().is_none() {
            self.card = json!(moving::read::<Content>(self.card)?);
        }
        Ok(self)
    }

    fn card(&self, reports: &Names, index: usize) -> Result<Card> {
        let place = format!("cards.{index}.card");
        let unknown = |name: &str| {
            let name: String = name.chars().take(SHOWN).collect();
            Error::field(INVALID, &place, FieldError::new("unknown_name").with("value", name))
        };
        let card = match self.report() {
            Some(name) => Content::Report { saved: *reports.get(name).ok_or_else(|| unknown(name))? },
            None => moving::read(self.card.clone()).map_err(|reason| invalid(&place, reason))?,
        };
        Ok(Card { id: self.id.clone(), title: self.title.clone(), x: self.x, y: self.y, w: self.w, h: self.h, card })
    }
}

impl DashboardSpec {
    fn of(row: &Row, roles: &[Role], reports: &Names) -> Self {
        Self {
            home: row.home,
            name: row.name.clone(),
            description: row.description.clone(),
            all: row.shared.all,
            roles: row.shared.keys(roles),
            filter_bar: row.filter_bar.clone(),
            cards: row.cards.iter().map(|card| CardSpec::of(card, reports)).collect(),
        }
    }

    fn key(&self) -> String {
        key(self.home, &self.name)
    }

    /// Why it stays. `moving`: names of the reports that do not.
    fn stays(&self, moving: &BTreeSet<String>) -> Option<&'static str> {
        if self.cards.iter().any(|card| card.shows_another(moving)) {
            return Some("configuration.report_stays");
        }
        (self.home.is_none() && !self.all && self.roles.is_empty()).then_some("configuration.roles_gone")
    }

    fn cards(&self, reports: &Names) -> Result<Vec<Card>> {
        self.cards.iter().enumerate().map(|(index, card)| card.card(reports, index)).collect()
    }
}

fn key(home: Option<Home>, name: &str) -> String {
    home.map_or_else(|| format!("shared.{name}"), |home| format!("{HOME}.{}", home.name()))
}

/// A home or dashboard of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let mut read: DashboardSpec = moving::read(spec)?;
    if read.home.is_some() && (read.all || !read.roles.is_empty() || !read.description.is_empty()) {
        return Err("a home has no description and is shared with nobody".to_owned());
    }
    read.roles.sort_unstable();
    read.roles.dedup();
    read.cards = read.cards.into_iter().map(CardSpec::full).collect::<std::result::Result<_, _>>()?;
    Ok(Object { key: read.key(), spec: moving::sorted(json!(read)) })
}

/// What the audit log is told of a change of a home.
pub(super) async fn told(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    before: Option<&Row>,
    after: Option<&Row>,
) -> Result<Json> {
    let reports = shared_names(conn, ctx).await?;
    // Nobody's: a home is shared by what it is.
    let spec = |row: &Row| DashboardSpec::of(row, &[], &reports);
    let key = before.or(after).map(|row| key(row.home, &row.name));
    Ok(json!({"key": key, "before": before.map(spec), "after": after.map(spec)}))
}

/// Homes that were changed and dashboards that are shared, by name.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
    let (roles, reports) = (role::list(conn, ctx.tenant).await?, shared_names(conn, ctx).await?);
    let mut rows = store::for_all(conn, ctx).await?;
    // Databases order texts differently.
    rows.sort_by_cached_key(|row| (key(row.home, &row.name), row.id));
    let told = crate::moving::gather(conn, ctx).await?.objects.into_iter();
    let moving: BTreeSet<String> = told.map(|report| report.key).collect();
    let mut all = Gathered::default();
    for row in &rows {
        let spec = DashboardSpec::of(row, &roles, &reports);
        match spec.stays(&moving) {
            Some(why) => all.hold(spec.key(), why, json!(spec)),
            None => all.add(spec.key(), json!(spec)),
        }
    }
    Ok(all)
}

/// Makes, changes or removes a home or a shared dashboard inside a transaction (administrators).
///
/// # Errors
/// `Denied`; `report.invalid` by part; conflicts `report.too_many` and `report.conflict`.
pub async fn put(tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
    people::require_admin(ctx)?;
    // Of several with the name the one that is told (`gather`).
    let named = store::for_all(tx, ctx).await?.into_iter().filter(|row| key(row.home, &row.name) == moved.key);
    let there = named.min_by_key(|row| row.id);
    let of_home = moved.key.starts_with("home.");
    let act = match (moved.wanted::<DashboardSpec>()?, there) {
        (Some(spec), there) => {
            let cards = spec.cards(&shared_names(tx, ctx).await?)?;
            match spec.home {
                Some(home) => put_home(tx, ctx, home, there.as_ref(), spec, cards).await?,
                None => put_shared(tx, ctx, there.as_ref(), spec, cards).await?,
            }
            if of_home { HOME_CHANGED.to_owned() } else { format!("{SHARED}.changed") }
        }
        (None, Some(row)) => {
            store::remove(tx, ctx, row.id).await?;
            if of_home { HOME_RESTORED.to_owned() } else { format!("{SHARED}.removed") }
        }
        (None, None) => return Ok(()),
    };
    Ok(audit::record(tx, ctx, &act, &moved.key, moved.told()).await?)
}

async fn put_home(
    tx: &Tx,
    ctx: &Ctx,
    home: Home,
    there: Option<&Row>,
    spec: DashboardSpec,
    cards: Vec<Card>,
) -> Result<()> {
    let name = Some(spec.name.clone()).filter(|name| !name.is_empty());
    let input = HomeInput { name, filter_bar: spec.filter_bar, cards };
    same_name(&input.check()?, &spec.name)?;
    homes::keep_home(tx, ctx, home, there, (spec.name.as_str(), &input)).await
}

async fn put_shared(tx: &Tx, ctx: &Ctx, there: Option<&Row>, spec: DashboardSpec, cards: Vec<Card>) -> Result<()> {
    let shared = Sharing::of_keys(tx, ctx, spec.all, &spec.roles).await?;
    let DashboardSpec { name, description, filter_bar, .. } = spec;
    let input = DashboardInput { name, description, shared, filter_bar, cards };
    same_name(&input.check()?, &input.name)?;
    let said = input.said(&input.name);
    match there {
        Some(row) => store::change(tx, ctx, row, row.version, &said).await,
        None => {
            let owner = ctx.user().ok_or(Error::Denied("action"))?.0;
            store::insert(tx, ctx, Whose::Person(owner), &said).await.map(drop)
        }
    }
}

/// Passes a name that is kept as it stands: it is the object's name.
fn same_name(kept: &str, told: &str) -> Result<()> {
    if kept == told { Ok(()) } else { Err(invalid("name", "blanks around it, or letters in parts")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(content: Json) -> Json {
        json!({"id": "a", "x": 0, "y": 0, "w": 6, "h": 4, "card": content})
    }

    #[test]
    fn homes_and_dashboards_have_names_of_their_own() {
        let key = |spec: Json| object(spec).map(|object| object.key);
        assert_eq!(key(json!({"home": "manager", "name": "x", "cards": []})).as_deref(), Ok("home.manager"));
        assert_eq!(key(json!({"name": "home.manager", "cards": []})).as_deref(), Ok("shared.home.manager"));
        assert!(key(json!({"home": "king", "cards": []})).is_err());
        assert!(key(json!({"home": "manager", "all": true, "cards": []})).is_err());
    }

    #[test]
    fn what_may_be_left_out_is_written() {
        let spec = json!({"name": "A", "cards": [card(json!({"kind": "question", "question": {}}))]});
        let read = object(spec).unwrap();
        assert_eq!(read.spec["cards"][0]["card"], json!({"chart": null, "kind": "question", "question": {}}));
        assert_eq!(object(read.spec.clone()).unwrap(), read);
        let report = json!({"name": "A", "cards": [card(json!({"report": "Won"}))]});
        assert_eq!(object(report).unwrap().spec["cards"][0]["card"], json!({"report": "Won"}));
        for wrong in [json!({"report": 1}), json!({"report": "a", "kind": "text"}), json!({"kind": "x"}), json!("a")] {
            assert!(object(json!({"name": "A", "cards": [card(wrong.clone())]})).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_another_company_could_not_take_in_stays() {
        let stays = |spec: Json, moving: &[&str]| {
            let spec: DashboardSpec = moving::read(spec).unwrap();
            spec.stays(&moving.iter().map(|name| (*name).to_owned()).collect())
        };
        let report = json!({"name": "A", "all": true, "cards": [card(json!({"report": "Won"}))]});
        assert_eq!(stays(report.clone(), &["Won"]), None);
        assert_eq!(stays(report, &["Lost"]), Some("configuration.report_stays"));
        assert_eq!(stays(json!({"name": "A", "cards": []}), &[]), Some("configuration.roles_gone"));
        assert_eq!(stays(json!({"home": "manager", "cards": []}), &[]), None);
    }

    #[test]
    fn reports_on_cards_are_named() {
        let id = Uuid::from_u128(7);
        let names = Names::from([("Won".to_owned(), id)]);
        let shown = Card { id: "a".into(), title: None, x: 0, y: 0, w: 1, h: 1, card: Content::Report { saved: id } };
        let told = CardSpec::of(&shown, &names);
        assert_eq!((told.report(), told.is_private()), (Some("Won"), false));
        assert_eq!(told.card(&names, 0).unwrap(), shown);
        assert!(told.card(&Names::new(), 0).is_err());
        assert!(CardSpec::of(&shown, &Names::new()).is_private());
    }
}
