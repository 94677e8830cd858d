//! Inserts of many rows, in statements that every database takes.

use kernel::Result;
use kernel::db::Tx;
use sea_orm::sea_query::{Expr, InsertStatement};

/// Values of one statement: SQLite takes 32,766, PostgreSQL 65,535.
const MAX_VALUES: usize = 30_000;

/// Rows of one table on their way into a transaction.
pub(crate) struct Inserts<'a> {
    tx: &'a Tx,
    empty: InsertStatement,
    now: InsertStatement,
    values: usize,
}

impl<'a> Inserts<'a> {
    /// Into the table and columns of a statement without rows.
    pub fn new(tx: &'a Tx, empty: InsertStatement) -> Self {
        Self { tx, now: empty.clone(), empty, values: 0 }
    }

    /// Adds a row, with a cell for each column.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(&mut self, cells: Vec<Expr>) -> Result<()> {
        if self.values + cells.len() > MAX_VALUES {
            let full = std::mem::replace(&mut self.now, self.empty.clone());
            self.tx.later(&full).await?;
            self.values = 0;
        }
        self.values += cells.len();
        self.now.values_panic(cells);
        Ok(())
    }

    /// Sends what was added.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send(self) -> Result<()> {
        if self.values > 0 {
            self.tx.later(&self.now).await?;
        }
        Ok(())
    }
}
