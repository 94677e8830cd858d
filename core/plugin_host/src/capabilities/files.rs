//! `files`: files of records, through the same door as everybody, narrowed to the entities and acts that were granted.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use kernel::access::{AccessRow, Action, Rights, RoleRights, RowKind};
use kernel::files::FileRow;
use kernel::{Ctx, Locale, RecordId, jobs};
use records::Catalogue;
use records::files::Files;
use serde::Deserialize;
use url::Url;

use super::http::{HttpPermission, goes_to};
use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::files::files as wit;
use crate::bindings::verstak::public::uploads;
use crate::files::{FETCH, Fetching};
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};
use crate::registry::Running;

/// Bytes that are read or added in one call.
const PIECE: usize = 1024 * 1024;
/// Files of an answer.
const LISTED: usize = 500;
/// Entities of a manifest.
const MAX_ENTITIES: usize = 50;

/// What the manifest says: `[permissions.files]`.
pub(crate) const PART: Part = Part::of::<FilesPermission>("files");

/// What may be done with files of an entity's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileAct {
    Read,
    Add,
    Remove,
}

impl FileAct {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilesPermission {
    /// By entity.
    pub(crate) entities: BTreeMap<String, Vec<FileAct>>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for FilesPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.files.reason", &self.reason)?;
        if self.entities.is_empty() || self.entities.len() > MAX_ENTITIES {
            return fail("permissions.files.entities", format!("name 1 to {MAX_ENTITIES} entities"));
        }
        match self.entities.iter().find(|(_, acts)| acts.is_empty()) {
            Some((entity, _)) => fail(format!("permissions.files.entities.{entity}"), "name `read`, `add` or `remove`"),
            None => Ok(()),
        }
    }

    fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let name = |entity: &String| match catalogue {
            Some(catalogue) => catalogue.entity_name(entity, locale),
            None => entity.clone(),
        };
        let one = |(entity, acts): (&String, &Vec<FileAct>)| {
            let acts: Vec<&str> = acts.iter().map(|act| words(locale, *act)).collect();
            format!("{}: {}", name(entity), acts.join(", "))
        };
        let title = match locale {
            Locale::En => "Files of records. ",
            Locale::Ru => "Файлы записей. ",
            Locale::Uk => "Файли записів. ",
        };
        let scope = self
            .entities
            .iter()
            .flat_map(|(entity, acts)| acts.iter().map(move |act| format!("{entity}:{}", act.name())));
        vec![Grant {
            key: PART.name.to_owned(),
            title: title.to_owned() + &self.entities.iter().map(one).collect::<Vec<_>>().join("; "),
            reason: self.reason.clone(),
            scope: scope.collect(),
        }]
    }
}

const fn words(locale: Locale, act: FileAct) -> &'static str {
    match (locale, act) {
        (Locale::En, FileAct::Read) => "reads",
        (Locale::En, FileAct::Add) => "adds",
        (Locale::En, FileAct::Remove) => "removes",
        (Locale::Ru, FileAct::Read) => "читает",
        (Locale::Ru, FileAct::Add) => "добавляет",
        (Locale::Ru, FileAct::Remove) => "убирает",
        (Locale::Uk, FileAct::Read) => "читає",
        (Locale::Uk, FileAct::Add) => "додає",
        (Locale::Uk, FileAct::Remove) => "прибирає",
    }
}

/// Whether a plugin may do this with files of an entity's records.
pub(crate) fn may(plugin: &Running, entity: &str, act: FileAct) -> bool {
    let permission = plugin.manifest().permissions.part::<FilesPermission>();
    plugin.has_grant(PART.name)
        && permission.and_then(|permission| permission.entities.get(entity)).is_some_and(|acts| acts.contains(&act))
}

/// The rights of a plugin that acts as itself: on every record of the entities, what their files need.
pub(crate) fn own_rights(plugin: &Running) -> Rights {
    let permission = plugin.manifest().permissions.part::<FilesPermission>();
    let row = |(entity, acts): (&String, &Vec<FileAct>)| {
        let changes = acts.iter().any(|act| *act != FileAct::Read);
        let actions = if changes { vec![Action::Read, Action::Update] } else { vec![Action::Read] };
        AccessRow {
            kind: RowKind::Permission,
            entity: entity.clone(),
            actions: actions.into_iter().collect(),
            filter: None,
            covers: None,
        }
    };
    let rows = permission.into_iter().flat_map(|permission| permission.entities.iter().map(row)).collect();
    Rights::of_roles(&[RoleRights { rows, ..RoleRights::default() }])
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

/// Where a call of the interface acts.
pub(super) struct Door {
    caller: Caller,
    ctx: Ctx,
    files: Files,
}

impl Door {
    fn may(&self, entity: &str, act: FileAct) -> Result<(), HostError> {
        let denied = || format!("the permission `files` does not let it {} files of `{entity}`", act.name());
        may(&self.caller.plugin, entity, act).then_some(()).ok_or_else(|| HostError::Denied(denied()))
    }

    /// A file that the plugin may do this with. Of others it is not told that they are there.
    pub(super) async fn file(&self, id: &str, act: FileAct) -> Result<FileRow, HostError> {
        let id = id_from_wit(id)?;
        let file = self.files.get(&self.ctx, id).await.map_err(|error| host_error(&error))?;
        match self.may(&file.record.entity, FileAct::Read).and_then(|()| self.may(&file.record.entity, act)) {
            Ok(()) => Ok(file),
            // Whatever else it may do with such files it was told.
            Err(error) if self.may(&file.record.entity, FileAct::Read).is_ok() => Err(error),
            Err(_) => Err(HostError::NotFound(format!("not found: file {id}"))),
        }
    }
}

impl State {
    pub(super) fn files_door(&self, writes: bool) -> Result<Door, HostError> {
        let caller = if writes { self.writes(PART.name)? } else { self.granted(PART.name)? };
        let files = caller.services.files.get().cloned();
        let files = files.ok_or_else(|| HostError::Unavailable("this process keeps no files".to_owned()))?;
        let mut ctx = caller.own_ctx();
        if caller.is_itself() {
            ctx.rights = Arc::new(own_rights(&caller.plugin));
        }
        Ok(Door { caller, ctx, files })
    }

    async fn list_files(&mut self, entity: &str, record: &str) -> Result<Vec<wit::File>, HostError> {
        let door = self.files_door(false)?;
        door.may(entity, FileAct::Read)?;
        let record = RecordId(id_from_wit(record)?);
        let found = door.files.list(&door.ctx, entity, record, false).await.map_err(|error| host_error(&error))?;
        let found: Vec<_> = found.0.into_iter().take(LISTED).map(to_wit).collect();
        self.take_rows(found.len())?;
        Ok(found)
    }

    async fn read_file(&mut self, file: &str, offset: u64, length: u32) -> Result<Vec<u8>, HostError> {
        let door = self.files_door(false)?;
        let file = door.file(file, FileAct::Read).await?;
        let left = file.size.saturating_sub(offset);
        let most = u64::try_from(PIECE).unwrap_or(u64::MAX).min(length.into()).min(left);
        let mut pieces = door.files.read(&file, offset, most).await.map_err(|error| host_error(&error))?;
        let mut read = Vec::new();
        while let Some(piece) = pieces.next().await {
            read.extend_from_slice(&piece.map_err(|error| host_error(&error))?);
        }
        Ok(read)
    }

    async fn put_file(
        &mut self,
        entity: &str,
        record: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<wit::File, HostError> {
        let door = self.files_door(true)?;
        door.may(entity, FileAct::Add)?;
        if bytes.len() > PIECE {
            return Err(HostError::Limit(format!("more than {} KiB at once", PIECE / 1024)));
        }
        self.take_rows(1)?;
        let record = RecordId(id_from_wit(record)?);
        let whole = stream::iter([Ok(Bytes::from(bytes))]);
        let made = door.files.add(&door.ctx, entity, record, name, whole).await;
        made.map(to_wit).map_err(|error| host_error(&error))
    }

    async fn take_upload(&mut self, upload: &str, entity: &str, record: &str) -> Result<wit::File, HostError> {
        let door = self.files_door(true)?;
        door.may(entity, FileAct::Add)?;
        self.take_rows(1)?;
        let record = RecordId(id_from_wit(record)?);
        let made = door.files.take(&door.ctx, door.caller.plugin.id(), upload, entity, record).await;
        made.map(to_wit).map_err(|error| host_error(&error))
    }

    async fn remove_file(&mut self, file: &str) -> Result<(), HostError> {
        let door = self.files_door(true)?;
        let file = door.file(file, FileAct::Remove).await?;
        self.take_rows(1)?;
        door.files.remove(&door.ctx, file.id).await.map_err(|error| host_error(&error))
    }

    async fn fetch_file(
        &mut self,
        entity: &str,
        record: &str,
        name: &str,
        from: wit::Address,
    ) -> Result<String, HostError> {
        let door = self.files_door(true)?;
        door.may(entity, FileAct::Add)?;
        self.granted(super::http::PART.name)?;
        let most = self.budget.requests;
        if self.requests >= most {
            return Err(HostError::Limit(format!("more than {most} requests in one call")));
        }
        self.requests += 1;
        self.take_rows(1)?;
        let plugin = &door.caller.plugin;
        let url = Url::parse(&from.url).map_err(|error| invalid(format!("url: {error}")))?;
        let hosts =
            plugin.manifest().permissions.part::<HttpPermission>().map(|one| one.hosts.as_slice()).unwrap_or_default();
        if !["http", "https"].contains(&url.scheme()) || !goes_to(&url, hosts) {
            return Err(HostError::Denied("the address is not among the hosts of the manifest".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() || (from.bearer.is_some() && url.scheme() != "https")
        {
            return Err(HostError::Denied("secrets are named, and go over https alone".to_owned()));
        }
        if let Some(secret) = &from.bearer {
            // That it is there is said now, not in the background.
            crate::secrets::opened(&door.caller.services.db, door.ctx.tenant, plugin, secret)?;
        }
        let name =
            kernel::files::name::cleaned(name).ok_or_else(|| invalid("name: nothing is left of it".to_owned()))?;
        let record = RecordId(id_from_wit(record)?);
        door.files.may_add(&door.ctx, entity, record).await.map_err(|error| host_error(&error))?;
        let file = door.ctx.id();
        let fetching = Fetching {
            plugin: plugin.id().to_owned(),
            file,
            entity: entity.to_owned(),
            record,
            name,
            url: url.to_string(),
            bearer: from.bearer,
            own: door.caller.is_itself(),
            actor: door.ctx.actor.clone(),
            cause: door.ctx.cause.clone(),
        };
        enqueue(&door, &fetching).await.map_err(|error| host_error(&error))?;
        Ok(file.to_string())
    }
}

async fn enqueue(door: &Door, fetching: &Fetching) -> kernel::Result<()> {
    let payload = serde_json::to_value(fetching).map_err(kernel::Error::internal)?;
    let tx = door.caller.services.db.begin().await?;
    let job = jobs::NewJob::now(&door.ctx.env, FETCH, payload).for_tenant(door.ctx.tenant);
    jobs::enqueue(&tx, &door.ctx.env, job).await?;
    Ok(tx.commit().await?)
}

fn invalid(text: String) -> HostError {
    HostError::Invalid(Invalid { text, fields: Vec::new() })
}

fn to_wit(file: FileRow) -> wit::File {
    wit::File {
        id: file.id.to_string(),
        entity: file.record.entity.to_string(),
        record: file.record.id.to_string(),
        name: file.name,
        media_type: file.media_type,
        size: file.size,
        sha256: file.sha256,
        created_at: file.created_at.micros(),
    }
}

impl wit::Host for State {
    async fn of_record(&mut self, entity: String, record: String) -> Answer<Vec<wit::File>> {
        self.enter()?;
        Ok(self.list_files(&entity, &record).await)
    }

    async fn get(&mut self, file: String) -> Answer<wit::File> {
        self.enter()?;
        let door = match self.files_door(false) {
            Ok(door) => door,
            Err(error) => return Ok(Err(error)),
        };
        Ok(door.file(&file, FileAct::Read).await.map(to_wit))
    }

    async fn read(&mut self, file: String, offset: u64, length: u32) -> Answer<Vec<u8>> {
        self.enter()?;
        Ok(self.read_file(&file, offset, length).await)
    }

    async fn put(&mut self, entity: String, record: String, name: String, bytes: Vec<u8>) -> Answer<wit::File> {
        self.enter()?;
        Ok(self.put_file(&entity, &record, &name, bytes).await)
    }

    async fn remove(&mut self, file: String) -> Answer<()> {
        self.enter()?;
        Ok(self.remove_file(&file).await)
    }

    async fn from_url(&mut self, entity: String, record: String, name: String, from: wit::Address) -> Answer<String> {
        self.enter()?;
        Ok(self.fetch_file(&entity, &record, &name, from).await)
    }
}

impl uploads::Host for State {
    async fn take(&mut self, upload: String, entity: String, record: String) -> Answer<wit::File> {
        self.enter()?;
        Ok(self.take_upload(&upload, &entity, &record).await)
    }
}
