//! Records that may be the same as another: by phone in any spelling, e-mail, legal id (strong); by name with company or
//! birth date (weak). Shown while people type and on the card; refused at every door where a company wants it so.
//! Records and fields that the asker does not see are not hinted at, whatever the company wants.
//!
//! A refusal is no constraint: two who write the same at the same moment both do. What must never be twice is a
//! constraint of the entity (`catalogue::constraint`).
//!
//! | module | what |
//! |---|---|
//! | `keys` | what records of one client share; imports go by it too |
//! | `policy` | what a company does about them, by entity |
//! | `moving` | the same on its way between companies |
//! | `door` | the refusal inside the write pipeline |

mod door;
pub(crate) mod keys;
pub(crate) mod moving;
mod policy;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kernel::access::Action;
use kernel::filter::{Filter, Op};
use kernel::phone::Country;
use kernel::{Ctx, Error, Fields, RecordId, Result, Value, words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use crate::catalogue::EntityDef;
use crate::read::Query;
use crate::write::parse;
use crate::{Catalogue, Record, Records};

use keys::{Key, NAMES};

pub use policy::{Mode, Policies};

/// Records of one answer, by strength.
const MAX: usize = 20;
/// Candidates by name that are looked at.
const NAMESAKES: u64 = 50;
/// A shorter name is not looked for: the index finds words of three letters.
const SHORTEST: usize = 3;
/// Clients are looked for among each other: a lead may be a contact that is known.
const CLIENTS: [&str; 3] = ["lead", "contact", "company"];

/// What two records share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DuplicateReason)]
pub enum Reason {
    /// A phone number, however it is written.
    Phone,
    /// An e-mail address.
    Email,
    /// A tax id or a registration number.
    LegalId,
    /// The id in another system.
    Origin,
    /// A person's name and birth date.
    NameAndBirthdate,
    /// A person's name and company.
    NameAndCompany,
    /// A company's name.
    Name,
}

impl Reason {
    const fn of(key: &Key) -> Self {
        match key {
            Key::Phone(_) => Self::Phone,
            Key::Email(_) => Self::Email,
            Key::Legal(..) => Self::LegalId,
            Key::Origin(..) => Self::Origin,
        }
    }

    /// Whether it is enough to be refused for.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Phone | Self::Email | Self::LegalId | Self::Origin)
    }

    /// The field of a form that it is told at.
    const fn field(self) -> &'static str {
        match self {
            Self::Phone => "phones",
            Self::Email => "emails",
            Self::LegalId => "tax_id",
            Self::Origin => "origin_id",
            Self::NameAndBirthdate | Self::NameAndCompany => "last_name",
            Self::Name => "title",
        }
    }
}

/// A record that may be the same.
#[derive(Debug)]
pub struct Duplicate {
    /// As the asker sees it.
    pub record: Record,
    /// What they share.
    pub because: BTreeSet<Reason>,
}

impl Duplicate {
    /// Whether one of the reasons is strong.
    pub fn is_strong(&self) -> bool {
        self.because.iter().any(|reason| reason.is_strong())
    }
}

/// Of what duplicates are looked for.
#[derive(Debug, Clone)]
pub enum Sought {
    /// A record that is there.
    Record(RecordId),
    /// One that is being written, in wire form; what is not right yet counts as empty. The id is that of the record it will
    /// change.
    Draft(Map<String, Json>, Option<RecordId>),
}

impl Records {
    /// Records that may be the same, the surest first, at most 20. Of clients also those of the other kinds.
    ///
    /// # Errors
    /// `NotFound` for the entity or the record.
    pub async fn duplicates(&self, ctx: &Ctx, entity: &str, sought: Sought) -> Result<Vec<Duplicate>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        if !ctx.rights.may(entity, Action::Read) && !ctx.rights.may(entity, Action::Create) {
            return Err(Error::NotFound(format!("entity {entity}")));
        }
        let (fields, own) = match sought {
            Sought::Record(id) => (self.get(ctx, entity, id).await?.fields, Some(id)),
            Sought::Draft(given, own) => (draft(def, ctx, &given), own),
        };
        let mut found: BTreeMap<(usize, RecordId), BTreeSet<Reason>> = BTreeMap::new();
        let among: Vec<&str> = if CLIENTS.contains(&entity) {
            std::iter::once(entity).chain(CLIENTS.into_iter().filter(|other| *other != entity)).collect()
        } else {
            vec![entity]
        };
        for (place, other) in among.iter().enumerate() {
            let Some(other) = catalogue.find(other) else { continue };
            let wanted = seen_keys(def, other, ctx, &fields, home(&catalogue));
            let known = keys::find(self.db().read(), &catalogue, ctx, other, &wanted).await?;
            for (id, keys) in known.all() {
                found.entry((place, id)).or_default().extend(keys.into_iter().map(Reason::of));
            }
            for (id, reason) in self.namesakes(ctx, def, other, &fields).await? {
                found.entry((place, id)).or_default().insert(reason);
            }
        }
        let mut found: Vec<_> = found.into_iter().filter(|((_, id), _)| Some(*id) != own).collect();
        found.sort_by_key(|((place, id), because)| {
            (!because.iter().any(|reason| reason.is_strong()), *place, std::cmp::Reverse(*id))
        });
        found.truncate(MAX);
        self.shown(ctx, &among, found).await
    }

    async fn shown(
        &self,
        ctx: &Ctx,
        among: &[&str],
        found: Vec<((usize, RecordId), BTreeSet<Reason>)>,
    ) -> Result<Vec<Duplicate>> {
        let mut shown = Vec::with_capacity(found.len());
        for ((place, id), because) in found {
            let Some(entity) = among.get(place) else { continue };
            let record = self.get_many(ctx, entity, &[id]).await?.pop();
            shown.extend(record.map(|record| Duplicate { record, because }));
        }
        Ok(shown)
    }

    /// Records of the same name, of people with the same company or birth date beside it.
    async fn namesakes(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        other: &EntityDef,
        fields: &Fields,
    ) -> Result<Vec<(RecordId, Reason)>> {
        if !ctx.rights.may(&other.key, Action::Read) {
            return Ok(Vec::new());
        }
        let Some(named) = Named::of(def, fields) else { return Ok(Vec::new()) };
        let shows = |key: &str| other.field(key).is_some_and(|field| other.shows(&ctx.rights, field));
        let filter = named.filter(&shows);
        let Some(filter) = filter else { return Ok(Vec::new()) };
        let keys = ["title", "birthdate", "company_title", "companies", "company"].into_iter().chain(NAMES);
        let query = Query {
            filter: Some(filter),
            words: Some(named.words.clone()),
            fields: Some(keys.filter(|key| shows(key)).map(str::to_owned).collect()),
            limit: Some(NAMESAKES),
            ..Query::default()
        };
        let page = self.query(ctx, &other.key, &query).await?;
        let same = page.items.iter().filter_map(|record| Some((record.id, named.reason(other, &record.fields)?)));
        Ok(same.collect())
    }

    /// The record that stands for one in the bin that was merged into it, if the asker sees it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn merged_into(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Option<RecordId>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let Some(def) = catalogue.find(entity) else { return Ok(None) };
        let leads = keys::leading(self.db().read(), ctx, def, BTreeSet::from([id])).await?;
        let Some(end) = leads.get(&id) else { return Ok(None) };
        Ok(self.get_many(ctx, entity, &[*end]).await?.pop().map(|record| record.id))
    }
}

fn home(catalogue: &Catalogue) -> Option<Country> {
    Country::of_currency(&catalogue.pipelines.currency)
}

/// The values of a form that are right so far, of fields that may be seen.
fn draft(def: &EntityDef, ctx: &Ctx, given: &Map<String, Json>) -> Fields {
    let mut fields = Fields::new();
    for (key, value) in given.iter().filter(|(key, _)| def.shows_key(&ctx.rights, key)) {
        let one = Map::from_iter([(key.clone(), value.clone())]);
        fields.extend(parse(def, &ctx.rights, &one).unwrap_or_default());
    }
    fields
}

/// The keys of an image, of those fields that the asker sees of both entities.
fn seen_keys(def: &EntityDef, other: &EntityDef, ctx: &Ctx, fields: &Fields, home: Option<Country>) -> BTreeSet<Key> {
    let shows = |def: &EntityDef, key: &str| def.field(key).is_some_and(|field| def.shows(&ctx.rights, field));
    let wire = |key: &str| Some((key.to_owned(), fields.get(key).filter(|value| !value.is_empty())?.to_json()));
    let told = ["phones", "emails", "tax_id", "registration_number", "origin_system", "origin_id"];
    let told = told.into_iter().filter(|key| shows(def, key) && shows(other, key));
    // An id in another system is that of one kind of records.
    let told = told.filter(|key| def.key == other.key || !key.starts_with("origin"));
    keys::keys(&told.filter_map(wire).collect(), home)
}

/// What somebody is called, to be looked for.
struct Named {
    /// For the search.
    words: String,
    person: Option<BTreeSet<String>>,
    /// A company's.
    title: Option<String>,
    birthdate: Option<Json>,
    companies: HashSet<String>,
    company_title: Option<String>,
}

impl Named {
    fn of(def: &EntityDef, fields: &Fields) -> Option<Self> {
        let text = |key: &str| fields.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty());
        let folded = |key: &str| text(key).map(words::folded);
        let is_company = def.key == "company";
        let own: Vec<&str> = ["last_name", "first_name"].into_iter().filter_map(text).collect();
        let person = (own.len() == 2).then(|| own.iter().map(|part| words::folded(part)).collect());
        let title = folded("title").filter(|_| is_company);
        let words = if is_company { text("title")?.to_owned() } else { own.join(" ") };
        let long = |word: &str| word.chars().count() >= SHORTEST;
        if (person.is_none() && title.is_none()) || !words.split_whitespace().any(long) {
            return None;
        }
        let ids = match fields.get("companies") {
            Some(Value::Ids(ids)) => ids.iter().map(ToString::to_string).collect(),
            _ => fields.get("company").and_then(Value::as_id).map(|id| id.to_string()).into_iter().collect(),
        };
        Some(Self {
            words,
            person,
            title,
            birthdate: fields.get("birthdate").filter(|value| !value.is_empty()).map(Value::to_json),
            companies: ids,
            company_title: folded("company_title"),
        })
    }

    /// What may be asked of an entity beside the words.
    fn filter(&self, shows: &impl Fn(&str) -> bool) -> Option<Filter> {
        if self.title.is_some() {
            return shows("title").then(|| Filter::And(Vec::new()));
        }
        let mut any = Vec::new();
        if let Some(day) = self.birthdate.clone().filter(|_| shows("birthdate")) {
            any.push(Filter::test("birthdate", Op::Eq, day));
        }
        for key in ["companies", "company"].into_iter().filter(|key| shows(key)) {
            for id in self.companies.iter().take(MAX) {
                any.push(Filter::test(key, Op::Eq, json!(id)));
            }
        }
        if let Some(title) = self.company_title.clone().filter(|_| shows("company_title")) {
            any.push(Filter::test("company_title", Op::Eq, title));
        }
        (!any.is_empty() && NAMES.iter().take(2).all(|key| shows(key))).then(|| Filter::any(any))
    }

    fn reason(&self, def: &EntityDef, fields: &Fields) -> Option<Reason> {
        let folded = |key: &str| fields.get(key).and_then(Value::as_text).map(|text| words::folded(text.trim()));
        if let Some(title) = &self.title {
            let same = def.key == "company" && folded("title").as_ref() == Some(title);
            return same.then_some(Reason::Name);
        }
        let theirs: BTreeSet<String> = ["last_name", "first_name"].into_iter().filter_map(folded).collect();
        if self.person.as_ref() != Some(&theirs) {
            return None;
        }
        let born = fields.get("birthdate").map(Value::to_json);
        let same_day = self.birthdate.is_some() && born == self.birthdate;
        Some(if same_day { Reason::NameAndBirthdate } else { Reason::NameAndCompany })
    }
}
