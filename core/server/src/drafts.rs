//! Steps whose main action is a quote or an invoice: their drafts are made by sales.

use crm::Sales;
use kernel::{Ctx, RecordId, RecordRef, Result};
use serde_json::{Map, Value};
use work::tasks::Drafts;

/// Sales as the maker of drafts.
pub(crate) struct SalesDrafts(pub Sales);

#[async_trait::async_trait]
impl Drafts for SalesDrafts {
    async fn draft(
        &self,
        ctx: &Ctx,
        kind: &str,
        subject: Option<&RecordRef>,
        id: RecordId,
        fields: Map<String, Value>,
    ) -> Result<()> {
        self.0.draft(ctx, kind, subject, id, fields).await
    }
}
