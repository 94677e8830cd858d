//! Templates that a company brings itself: a `.typ` (alone, or packed with pictures and fonts) or a Word file. Each upload
//! is a version; a paper that was made keeps the version that made it, whatever becomes of the template later.
//!
//! | module | what |
//! |---|---|
//! | `upload` | an uploaded file, taken apart within limits |
//! | `names` | names that no paper has |
//! | `words` | a record as words, by the keys of its fields |
//! | `sample` | a record that is only an example |
//! | `keep` | adding, changing, removing, going back |
//! | `trial` | how a paper would look |
//! | `write` | what becomes of a template, inside a transaction |
//! | `moving` | templates that move between companies |
//! | `store` | the tables |

mod keep;
pub mod moving;
pub(crate) mod names;
mod sample;
pub(crate) mod store;
mod trial;
pub(crate) mod upload;
pub(crate) mod words;
mod write;

use kernel::{Actor, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::templates::Paper;

pub use keep::{NewTemplate, TemplateEdit, Uploaded};
pub use trial::{SettingsTrial, Trial};

/// What an own template is written in, and so what its papers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TemplateKind {
    /// Typst; makes PDF.
    Typ,
    /// A Word file with placeholders; makes Word files.
    Docx,
}

impl TemplateKind {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Typ => "typ",
            Self::Docx => "docx",
        }
    }

    /// How names of its papers end.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Typ => "pdf",
            Self::Docx => "docx",
        }
    }

    /// What makes a paper that is called so.
    pub(crate) fn of_paper(name: &str) -> Self {
        if name.ends_with(".docx") { Self::Docx } else { Self::Typ }
    }

    /// The media type of its papers.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Typ => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }
}

/// A template of a company's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnTemplate {
    /// Its id.
    pub id: Uuid,
    /// Entity of whose records it makes papers.
    pub entity: String,
    /// Which kind of paper it stands for, where the entity is a document of sale.
    pub paper: Option<Paper>,
    /// What people call it.
    pub title: String,
    /// What it is written in.
    pub kind: TemplateKind,
    /// Counts its uploads, from 1.
    pub version: i64,
    /// Whether it is taken where nobody chooses.
    pub usual: bool,
    /// What its present file is called.
    pub file_name: String,
    /// Bytes of its present file.
    pub size: i64,
    /// Names in it that no paper of the entity has.
    pub unknown: Vec<String>,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A version of an own template.
#[derive(Debug, Clone)]
pub struct OwnVersion {
    /// From 1.
    pub version: i64,
    /// What its file is called.
    pub file_name: String,
    /// Bytes.
    pub size: i64,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Names in it that no paper of the entity had.
    pub unknown: Vec<String>,
    /// Who uploaded it.
    pub actor: Actor,
    /// When.
    pub created_at: Timestamp,
}
