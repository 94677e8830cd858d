//! Many tasks by hand at once: one transaction, one result each.

use std::collections::HashMap;

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Result, TaskId};
use records::relations::TASK;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::Tasks;
use super::model::{ManualTask, NewTask, Task};
use super::open::Opening;
use super::store;

/// A task that was checked and shown to before-hooks.
type Ready = (NewTask, Opening);

impl Tasks {
    /// Makes tasks by hand in one transaction; one that cannot be made leaves the others. A task that comes with an id
    /// is made once: where it is there already, also in the recycle bin, it is given as it stands.
    ///
    /// # Errors
    /// When the database fails; then none is made. What is wrong with one task (as of `create`) is its own result.
    pub async fn create_many(&self, ctx: &Ctx, inputs: Vec<(Option<TaskId>, ManualTask)>) -> Result<Vec<Result<Task>>> {
        let known = self.known(ctx, inputs.iter().filter_map(|(id, _)| *id).collect()).await?;
        let mut ready: Vec<Option<Ready>> = Vec::with_capacity(inputs.len());
        let mut made: Vec<Option<Result<Task>>> = Vec::with_capacity(inputs.len());
        for (id, input) in inputs {
            let before = id.and_then(|id| known.get(&id)).cloned().map(Ok);
            let (task, refused) = match &before {
                Some(_) => (None, None),
                None => match self.ready(ctx, id, input).await {
                    Ok(task) => (Some(task), None),
                    Err(error) => (None, Some(Err(error))),
                },
            };
            ready.push(task);
            made.push(before.or(refused));
        }
        if !self.make_together(ctx, &ready, &mut made).await? {
            self.make_apart(ctx, &ready, &mut made).await?;
        }
        Ok(made.into_iter().flatten().collect())
    }

    /// Tasks that are there already.
    async fn known(&self, ctx: &Ctx, ids: Vec<TaskId>) -> Result<HashMap<TaskId, Task>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut select = store::select_any(ctx.tenant);
        select.and_where(Expr::col((TASK, "id")).is_in(ids));
        let rows = self.db.read().query_all(&select).await?;
        let tasks = rows.iter().map(store::from_row).collect::<Result<Vec<_>, _>>()?;
        Ok(tasks.into_iter().map(|task| (task.id, task.shown(ctx))).collect())
    }

    /// As nearly always: all of them, without a way back for each. False when one cannot be made; then none is.
    async fn make_together(
        &self,
        ctx: &Ctx,
        ready: &[Option<Ready>],
        made: &mut [Option<Result<Task>>],
    ) -> Result<bool> {
        let tx = self.db.begin().await?;
        let mut tasks = Vec::with_capacity(ready.len());
        for (task, opening) in ready.iter().flatten() {
            match self.make(&tx, ctx, task.clone(), opening.clone()).await {
                Ok(task) => tasks.push(task),
                Err(error @ Error::Raced(_)) => return Err(error),
                Err(_) => return tx.rollback().await.map(|()| false).map_err(Error::from),
            }
        }
        match tx.commit().await.map_err(Error::from) {
            Ok(()) => {}
            Err(error @ Error::Raced(_)) => return Err(error),
            Err(_) => return Ok(false),
        }
        let mut tasks = tasks.into_iter();
        made.iter_mut().filter(|made| made.is_none()).for_each(|made| *made = tasks.next().map(Ok));
        Ok(true)
    }

    /// Each with a way back of its own.
    async fn make_apart(&self, ctx: &Ctx, ready: &[Option<Ready>], made: &mut [Option<Result<Task>>]) -> Result<()> {
        let tx = self.db.begin().await?;
        for ((task, opening), made) in ready.iter().zip(made).filter_map(|(ready, made)| Some((ready.as_ref()?, made)))
        {
            let part = tx.savepoint().await?;
            let happened = match self.make(&part, ctx, task.clone(), opening.clone()).await {
                Ok(task) => part.commit().await.map(|()| task).map_err(Error::from),
                Err(error) => part.rollback().await.map_err(Error::from).and(Err(error)),
            };
            match happened {
                Err(error @ Error::Raced(_)) => return Err(error),
                happened => *made = Some(happened),
            }
        }
        Ok(tx.commit().await?)
    }
}
