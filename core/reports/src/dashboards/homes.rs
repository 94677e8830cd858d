//! Homes: what somebody sees first, by the way they work. Built in; an administrator changes one for all who have it, and
//! restores it.

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, Result, audit};
use people::require_admin;
use sea_orm::sea_query::{Expr, ExprTrait};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::model::{Card, DashboardView, check_cards};
use super::store::{self, Row, Said, Whose, from_row, select};
use super::{built_in, moving};
use crate::measures::text;
use crate::saved::{checked_json, checked_name};
use crate::sharing::{Reader, Sharing};
use crate::{CONFLICT, Reports, invalid, seen_version};

/// Bytes of the filter bar.
const MAX_BAR: usize = 4 * 1024;

/// A way to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HomeRole)]
pub enum Home {
    /// Sees to the product.
    Administrator,
    /// Watches the whole.
    Owner,
    /// Leads people who sell.
    Head,
    /// Brings leads.
    Marketer,
    /// Sells.
    Manager,
    /// Does tasks.
    Operator,
}

impl Home {
    /// In the order in which they win where somebody has several.
    pub(super) const ALL: [Self; 6] =
        [Self::Administrator, Self::Owner, Self::Head, Self::Marketer, Self::Manager, Self::Operator];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Owner => "owner",
            Self::Head => "head",
            Self::Marketer => "marketer",
            Self::Manager => "manager",
            Self::Operator => "operator",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|home| home.name() == name)
    }

    /// The home of a role of the product.
    fn of_role(key: &str) -> Option<Self> {
        Some(match key {
            "sales_head" => Self::Head,
            "sales_manager" => Self::Manager,
            "observer" | "finance_manager" => Self::Owner,
            "marketer" => Self::Marketer,
            "operator" | "technical_specialist" => Self::Operator,
            _ => return None,
        })
    }
}

/// Which home.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct HomeQuery {
    /// Another of the reader's homes than the first.
    #[param(inline)]
    pub role: Option<Home>,
}

/// A home there is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HomeView {
    /// For whom.
    pub role: Home,
    /// In the reader's language.
    pub label: String,
    /// Whether the reader has it.
    pub mine: bool,
    /// Whether an administrator has changed it.
    pub changed: bool,
}

/// The new state of a home.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeInput {
    /// What it is called; as it is built in when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// What its cards are narrowed by at first, up to 4 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub filter_bar: Json,
    /// Its cards, up to 40.
    pub cards: Vec<Card>,
}

impl HomeInput {
    /// Whether it can be kept; gives its name, empty where it is called as it is built in.
    pub(super) fn check(&self) -> Result<String> {
        let name = self.name.as_deref().map(|name| checked_name("name", name)).transpose()?.unwrap_or_default();
        checked_json("filter_bar", &self.filter_bar, MAX_BAR)?;
        check_cards(&self.cards)?;
        match self.cards.is_empty() {
            true => Err(invalid("cards", "a home is never empty")),
            false => Ok(name),
        }
    }
}

/// Puts a home in a new state over what is there of it, inside a transaction.
pub(super) async fn keep_home(
    tx: &Tx,
    ctx: &Ctx,
    home: Home,
    there: Option<&Row>,
    (name, input): (&str, &HomeInput),
) -> Result<()> {
    let shared = Sharing::default();
    let said = Said { name, description: "", shared: &shared, filter_bar: &input.filter_bar, cards: &input.cards };
    match there {
        Some(row) => store::change(tx, ctx, row, row.version, &said).await,
        None => store::insert(tx, ctx, Whose::Home(home), &said).await.map(drop),
    }
}

/// The homes of somebody, the first one first; somebody without a role has one too.
pub(super) fn homes_of(ctx: &Ctx, reader: &Reader) -> Vec<Home> {
    let sells = ctx.rights.may("deal", Action::Read);
    let usual = if sells { Home::Manager } else { Home::Operator };
    let mut homes: Vec<Home> = reader.roles.iter().map(|(_, key)| Home::of_role(key).unwrap_or(usual)).collect();
    if ctx.rights.is_admin() {
        homes.retain(|home| *home != usual || reader.roles.iter().any(|(_, key)| Home::of_role(key) == Some(usual)));
        homes.push(Home::Administrator);
    }
    homes.sort_unstable();
    homes.dedup();
    if homes.is_empty() {
        homes.push(Home::Operator);
    }
    homes
}

impl Reports {
    /// A home of the actor: the first, or another of theirs; administrators have all.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person; `NotFound` for a home that is not theirs.
    pub async fn home(&self, ctx: &Ctx, query: &HomeQuery) -> Result<DashboardView> {
        let reader = Reader::of(self.db(), ctx).await?;
        let home = self.home_of(ctx, &reader, query)?;
        self.home_view(ctx, &reader, home).await
    }

    pub(super) fn home_of(&self, ctx: &Ctx, reader: &Reader, query: &HomeQuery) -> Result<Home> {
        let own = homes_of(ctx, reader);
        match query.role {
            Some(home) if own.contains(&home) || reader.admin => Ok(home),
            Some(_) => Err(Error::NotFound("home".to_owned())),
            None => Ok(own.first().copied().unwrap_or(Home::Operator)),
        }
    }

    /// All homes.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person.
    pub async fn homes(&self, ctx: &Ctx) -> Result<Vec<HomeView>> {
        let reader = Reader::of(self.db(), ctx).await?;
        let own = homes_of(ctx, &reader);
        let rows = select(ctx).and_where(Expr::col("home").is_not_null()).take();
        let changed: Vec<Option<Home>> = self
            .db()
            .read()
            .query_all(&rows)
            .await?
            .iter()
            .map(|row| Ok(from_row(row)?.home))
            .collect::<Result<_>>()?;
        let view = |home: Home| HomeView {
            role: home,
            label: text(ctx.locale, &format!("home.{}", home.name())),
            mine: own.contains(&home),
            changed: changed.contains(&Some(home)),
        };
        Ok(Home::ALL.into_iter().map(view).collect())
    }

    pub(super) async fn home_view(&self, ctx: &Ctx, reader: &Reader, home: Home) -> Result<DashboardView> {
        let row = store::home(self.db().read(), ctx, home).await?;
        let own = homes_of(ctx, reader);
        let built_in = row.is_none();
        let (id, version, updated_at) = match &row {
            Some(row) => (Some(row.id), row.version, Some(row.updated_at)),
            None => (None, 0, None),
        };
        let usual = text(ctx.locale, &format!("home.{}", home.name()));
        let (name, filter_bar, cards) = match row {
            Some(row) => (Some(row.name).filter(|name| !name.is_empty()).unwrap_or(usual), row.filter_bar, row.cards),
            None => (usual, Json::Null, built_in::cards(ctx, home)),
        };
        Ok(DashboardView {
            id,
            version,
            name,
            description: String::new(),
            kind: "role",
            role: Some(home),
            builtin: built_in,
            shared: Sharing::default(),
            owner: None,
            mine: own.contains(&home),
            may_edit: reader.admin,
            filter_bar,
            cards,
            updated_at,
        })
    }

    /// Changes a home for all who have it (administrators), over the version that was seen: 0 of what is built in.
    ///
    /// # Errors
    /// `Denied`; `report.invalid`, also naming `If-Match`; conflict `report.conflict` with the present version.
    pub async fn put_home(&self, ctx: &Ctx, home: Home, input: &HomeInput, seen: Option<i64>) -> Result<DashboardView> {
        require_admin(ctx)?;
        let reader = Reader::of(self.db(), ctx).await?;
        let seen = seen_version(seen)?;
        let name = input.check()?;
        let tx = self.db().begin().await?;
        let row = store::home(&tx, ctx, home).await?;
        let present = row.as_ref().map_or(0, |row| row.version);
        if present != seen {
            return Err(Error::Conflict { code: CONFLICT, current: Some(json!({ "version": present })) });
        }
        keep_home(&tx, ctx, home, row.as_ref(), (name.as_str(), input)).await?;
        let now = store::home(&tx, ctx, home).await?;
        let told = moving::told(&tx, ctx, row.as_ref(), now.as_ref()).await?;
        audit::record(&tx, ctx, moving::HOME_CHANGED, home.name(), told).await?;
        tx.commit().await?;
        self.home_view(ctx, &reader, home).await
    }

    /// Brings back a home as it is built in (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn restore_home(&self, ctx: &Ctx, home: Home) -> Result<DashboardView> {
        require_admin(ctx)?;
        let reader = Reader::of(self.db(), ctx).await?;
        let tx = self.db().begin().await?;
        let row = store::home(&tx, ctx, home).await?;
        if let Some(row) = &row {
            store::remove(&tx, ctx, row.id).await?;
        }
        let told = moving::told(&tx, ctx, row.as_ref(), None).await?;
        audit::record(&tx, ctx, moving::HOME_RESTORED, home.name(), told).await?;
        tx.commit().await?;
        self.home_view(ctx, &reader, home).await
    }
}
