//! The letter that brings a paper, as it would be written: to whom, in whose language, with which words.

use kernel::{Ctx, Locale, RecordId, Result};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::data::{Data, client_of, seller_of, several, text};
use crate::gather::{Gathered, Which};
use crate::service::Documents;
use crate::templates::Paper;
use crate::words::{filled, word};

/// Somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Whose.
    pub name: String,
}

/// A letter as it would be written.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LetterDraft {
    /// The paper.
    pub template: Paper,
    /// By which template of the company's own, where it is not ours.
    pub own: Option<Uuid>,
    /// Its language.
    pub locale: Locale,
    /// Addresses of the client, the likeliest first.
    pub recipients: Vec<Recipient>,
    /// Its subject; `{number}` where there is none yet.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What the file will be called.
    pub file_name: String,
    /// Whether a mail server is set up.
    pub mail: bool,
}

/// Where a number will stand.
pub(crate) const NUMBER: &str = "{number}";

impl Documents {
    /// The letter that would bring a paper, in its language.
    ///
    /// # Errors
    /// As `preview`.
    pub async fn letter(
        &self,
        ctx: &Ctx,
        entity: &str,
        id: RecordId,
        paper: Option<Paper>,
        own: Option<Uuid>,
        locale: Option<Locale>,
    ) -> Result<LetterDraft> {
        let gathered = self.gather(ctx, entity, id, Which { paper, own }, locale).await?;
        let paper = gathered.of_sale()?;
        let data = gathered.data(ctx)?;
        let texts = gathered.settings.texts_in(gathered.locale);
        let key = format!("letter.{}", paper.key());
        let subject = texts.subject.unwrap_or_else(|| word(gathered.locale, "letter.subject").to_owned());
        let letter = texts.letter.unwrap_or_else(|| word(gathered.locale, &key).to_owned());
        Ok(LetterDraft {
            template: paper,
            own: gathered.own.as_ref().map(|own| own.id),
            locale: gathered.locale,
            recipients: recipients(&gathered),
            subject: worded(&subject, paper, &gathered, &data),
            text: worded(&letter, paper, &gathered, &data),
            file_name: gathered.file_name(data.number.as_deref().unwrap_or_default()),
            mail: self.mail.is_configured(),
        })
    }
}

/// Addresses of the client: the person's, then the company's.
fn recipients(gathered: &Gathered) -> Vec<Recipient> {
    let mut found: Vec<Recipient> = Vec::new();
    for of in [&gathered.around.contact, &gathered.around.company] {
        let name = text(of, "title").unwrap_or_default();
        for address in several(of, "emails") {
            if !found.iter().any(|known| known.address.eq_ignore_ascii_case(&address)) {
                found.push(Recipient { address, name: name.clone() });
            }
        }
    }
    found
}

/// A text of a letter with what it names. A number that is not drawn yet stays as it is, until it is.
fn worded(letter: &str, paper: Paper, gathered: &Gathered, data: &Data) -> String {
    let heading = match &data.number {
        Some(_) => data.heading.clone(),
        None => filled(
            word(gathered.locale, &format!("heading.{}", paper.key())),
            &[("number", NUMBER), ("date", data.date.as_str())],
        ),
    };
    let client = client_of(&gathered.around).unwrap_or_default();
    let seller = seller_of(&gathered.around).unwrap_or_default();
    let values = [
        ("number", data.number.as_deref().unwrap_or(NUMBER)),
        ("date", data.date.as_str()),
        ("total", data.total.as_str()),
        ("client", client.as_str()),
        ("seller", seller.as_str()),
        ("heading", heading.as_str()),
    ];
    filled(letter, &values).trim_end().to_owned()
}
