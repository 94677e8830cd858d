//! Templates of ours and their settings.

use std::collections::BTreeMap;

use kernel::error::{FieldError, FieldErrors};
use kernel::{Error, Locale, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::INVALID;

/// Characters of a text of a paper.
const MAX_TEXT: usize = 2_000;
/// Characters of a letter.
const MAX_LETTER: usize = 10_000;

/// A kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// Of a quote.
    Quote,
    /// Of an order.
    Order,
    /// Of an invoice.
    Invoice,
    /// Of a credit note, which is an invoice of kind `credit`.
    Credit,
    /// Of an order or an invoice: what was done.
    Act,
}

impl Paper {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Quote, Self::Order, Self::Invoice, Self::Credit, Self::Act];

    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Order => "order",
            Self::Invoice => "invoice",
            Self::Credit => "credit",
            Self::Act => "act",
        }
    }

    /// The paper with this key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|paper| paper.key() == key)
    }

    /// Entities of whose records it can be made.
    pub(crate) const fn entities(self) -> &'static [&'static str] {
        match self {
            Self::Quote => &["quote"],
            Self::Order => &["order"],
            Self::Invoice | Self::Credit => &["invoice"],
            Self::Act => &["order", "invoice"],
        }
    }

    /// Its source.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Quote => include_str!("../templates/quote.typ"),
            Self::Order => include_str!("../templates/order.typ"),
            Self::Invoice => include_str!("../templates/invoice.typ"),
            Self::Credit => include_str!("../templates/credit.typ"),
            Self::Act => include_str!("../templates/act.typ"),
        }
    }
}

/// The usual paper of a document of sale; none: the entity is none.
pub(crate) fn of_sale(entity: &str) -> Option<Paper> {
    match entity {
        "quote" => Some(Paper::Quote),
        "order" => Some(Paper::Order),
        "invoice" => Some(Paper::Invoice),
        _ => None,
    }
}

/// What the sources share.
pub(crate) const SHARED: &str = include_str!("../templates/paper.typ");

/// A column of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Counts.
    Number,
    /// What is sold.
    Title,
    /// How many.
    Quantity,
    /// Of what.
    Unit,
    /// Of one.
    Price,
    /// Left out where no row has one.
    Discount,
    /// The rate.
    Tax,
    /// With discount; with tax where prices hold it.
    Total,
}

impl Column {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Title => "title",
            Self::Quantity => "quantity",
            Self::Unit => "unit",
            Self::Price => "price",
            Self::Discount => "discount",
            Self::Tax => "tax",
            Self::Total => "total",
        }
    }
}

/// The letters of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Noto Sans.
    #[default]
    Sans,
    /// Noto Serif.
    Serif,
}

/// Texts in one language; what is left out is the product's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaperTexts {
    /// Above the rows, up to 2,000 characters.
    pub intro: Option<String>,
    /// At the foot of each page.
    pub footer: Option<String>,
    /// Subject of the letter that brings it; may have `{number}`, `{date}`, `{total}`, `{client}`, `{seller}`,
    /// `{heading}`.
    pub subject: Option<String>,
    /// Its text, up to 10,000 characters, with the same names.
    pub letter: Option<String>,
}

/// How a template looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaperSettings {
    /// Of lines and the head of the table, `#rrggbb`.
    pub color: String,
    /// Letters.
    pub font: Face,
    /// Columns of rows, in order.
    pub columns: Vec<Column>,
    /// Whether the organization's picture `logo.*` stands at the head.
    pub logo: bool,
    /// Whether the sum is given in words.
    pub words: bool,
    /// Whether bank details are shown.
    pub bank: bool,
    /// Whether there are places to sign, with the organization's pictures `signature.*` and `stamp.*`.
    pub signatures: bool,
    /// By language: `en`, `ru`, `uk`.
    pub texts: BTreeMap<Locale, PaperTexts>,
}

impl Default for PaperSettings {
    fn default() -> Self {
        Self {
            color: "#1f4e79".to_owned(),
            font: Face::Sans,
            columns: vec![
                Column::Number,
                Column::Title,
                Column::Quantity,
                Column::Unit,
                Column::Price,
                Column::Discount,
                Column::Tax,
                Column::Total,
            ],
            logo: true,
            words: true,
            bank: true,
            signatures: true,
            texts: BTreeMap::new(),
        }
    }
}

impl PaperSettings {
    /// The texts in a language.
    pub(crate) fn texts_in(&self, locale: Locale) -> PaperTexts {
        self.texts.get(&locale).cloned().unwrap_or_default()
    }

    /// Passes settings that a paper can be made with.
    pub(crate) fn check(&self) -> Result<()> {
        let mut errors = FieldErrors::new();
        let digits = self.color.strip_prefix('#').filter(|digits| digits.len() == 6);
        if !digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            errors.insert("settings.color".to_owned(), FieldError::worded("invalid", "document.color"));
        }
        let twice =
            self.columns.iter().enumerate().any(|(at, column)| self.columns.iter().skip(at + 1).any(|o| o == column));
        if self.columns.is_empty() || twice {
            errors.insert("settings.columns".to_owned(), FieldError::worded("invalid", "document.columns"));
        }
        for (locale, texts) in &self.texts {
            let all = [
                ("intro", &texts.intro, MAX_TEXT),
                ("footer", &texts.footer, MAX_TEXT),
                ("subject", &texts.subject, 255),
                ("letter", &texts.letter, MAX_LETTER),
            ];
            for (key, text, max) in all {
                if text.as_ref().is_some_and(|text| text.chars().count() > max) {
                    let error = FieldError::new("too_long").with("max", max);
                    errors.insert(format!("settings.texts.{locale}.{key}"), error);
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid { code: INVALID, fields: errors }) }
    }
}

/// A template with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Template {
    /// Which.
    pub key: Paper,
    /// Entities of whose records it can be made.
    pub entities: Vec<&'static str>,
    /// In the reader's language.
    pub title: String,
    /// Counts changes of its settings; 0: as the product brings it.
    pub version: i64,
    /// How it looks.
    pub settings: PaperSettings,
}
