//! `verstak init`, `token`, `tenant`, `user`: companies and accounts from the machine itself.

use std::io::Read;

use clap::{Args, Subcommand};
use kernel::{Ctx, Locale, TenantId, UserId};
use people::tenant::Tenant;
use people::token::{self, NewToken, Scope};
use people::user::{self, User, UserPatch};

use super::{Failure, Outcome, Place, plain, say};
use crate::setup::{self, NewCompany};
use crate::state::AppState;

/// Make a company with its administrator.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    place: Place,
    /// Name of the company.
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// E-mail of its administrator.
    #[arg(long, value_name = "EMAIL")]
    admin: String,
    /// Name of its administrator; the e-mail's first part by default.
    #[arg(long, value_name = "NAME")]
    admin_name: Option<String>,
    /// Read the administrator's password from standard input; else one is made and printed.
    #[arg(long)]
    password_stdin: bool,
    /// Fill the company with believable data.
    #[arg(long)]
    demo: bool,
    /// Language of the company: en, ru, uk.
    #[arg(long, default_value = "en")]
    locale: Locale,
}

impl Init {
    pub(super) async fn run(self) -> Outcome {
        let state = self.place.open().await?;
        let known = people::tenant::list(&state.db).await?;
        if known.iter().any(|t| t.name == self.tenant.trim()) {
            return Err(Failure(format!("there is a company `{}` already", self.tenant.trim())));
        }
        let password =
            if self.password_stdin { password_from_stdin()? } else { state.env.secret().chars().take(16).collect() };
        let first = self.admin.split('@').next().unwrap_or_default().to_owned();
        let company = NewCompany {
            name: self.tenant,
            locale: self.locale,
            admin_email: self.admin,
            admin_name: self.admin_name.unwrap_or(first),
            admin_password: password.clone(),
        };
        let (tenant, admin) = setup::create_company(&state.db, &state.env, &company).await?;
        if self.demo {
            crate::demo::fill(&state, &tenant).await?;
        }
        say(&format!("Company:  {} ({})", tenant.name, tenant.slug));
        say(&format!("Sign in:  {}", admin.email));
        if !self.password_stdin {
            say(&format!("Password: {password}"));
        }
        let found = crate::packages::install_found(&state).await?;
        for one in &found {
            match &one.outcome {
                Ok(package) => say(&format!("Plugin:   {} {}", plain(&package.plugin), plain(&package.version))),
                Err(problem) => say(&format!("Not installed: {}: {}", one.file.display(), plain(problem))),
            }
        }
        if found.iter().any(|one| one.outcome.is_ok()) {
            say("Plugins are switched on in the portal, under Plugins.");
        }
        Ok(())
    }
}

fn password_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The tenant named, or the only one.
pub(super) async fn tenant(state: &AppState, slug: Option<&str>) -> Result<Tenant, Failure> {
    if let Some(slug) = slug {
        return Ok(people::tenant::by_slug(&state.db, slug).await?);
    }
    let mut all = people::tenant::list(&state.db).await?;
    match all.len() {
        1 => all.pop().ok_or_else(|| Failure("no company".into())),
        0 => Err(Failure("there is no company yet: run `verstak init` first".into())),
        _ => Err(Failure(format!(
            "say which company with --tenant: {}",
            all.iter().map(|t| t.slug.as_str()).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// The person with this e-mail, or an administrator, ready to act.
pub(super) async fn person(state: &AppState, tenant: &Tenant, email: Option<&str>) -> Result<Ctx, Failure> {
    let email = email.map(user::normal_email);
    for account in user::list(&state.db, tenant.id, None, 10_000).await? {
        let named = email.as_ref().is_none_or(|email| *email == account.email);
        if named && account.active {
            let identity = state.identities.of_user(tenant.id, UserId(account.id)).await?;
            if identity.admin || email.is_some() {
                return Ok(identity.ctx(&state.env));
            }
        }
    }
    let unknown = |email: String| format!("there is no account {email}");
    Err(Failure(email.map_or_else(|| "the company has no administrator".into(), unknown)))
}

/// The account with this e-mail, in the tenant named or the only one that has it.
async fn account(state: &AppState, email: &str, slug: Option<&str>) -> Result<User, Failure> {
    let mut found = user::by_email(&state.db, email).await?;
    if let Some(slug) = slug {
        let tenant = people::tenant::by_slug(&state.db, slug).await?;
        found.retain(|account| account.tenant_id == tenant.id.0);
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| Failure("no account".into())),
        0 => Err(Failure(format!("there is no account {email}"))),
        _ => Err(Failure(format!("{email} has accounts in several companies: say which with --tenant"))),
    }
}

/// API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is printed once and stored only as a hash.
    Create {
        #[command(flatten)]
        place: Place,
        /// Whose.
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// read, write, admin; several allowed; all by default.
        #[arg(long)]
        scope: Vec<Scope>,
        /// Slug of the company.
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl TokenCommand {
    pub(super) async fn run(self) -> Outcome {
        let Self::Create { place, user, name, scope, tenant } = self;
        let state = place.open().await?;
        let account = account(&state, &user, tenant.as_deref()).await?;
        let tenant = people::tenant::get(&state.db, TenantId(account.tenant_id)).await?;
        let input = NewToken { name, scopes: scope, expires_at: None };
        let (_, secret) = token::create(&state.db, &tenant.system_ctx(&state.env), UserId(account.id), &input).await?;
        say(&secret);
        Ok(())
    }
}

/// Companies.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// List the companies of this installation.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make the counts and sums of boards anew out of the records (writers wait meanwhile), and the index of searched
    /// texts.
    Recount {
        #[command(flatten)]
        place: Place,
        /// Slug of the company; all by default.
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl TenantCommand {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::List { place } => {
                let state = place.open().await?;
                for tenant in people::tenant::list(&state.db).await? {
                    say(&format!("{}\t{}\t{}", tenant.slug, plain(&tenant.name), tenant.locale));
                }
            }
            Self::Recount { place, tenant } => {
                let state = place.open().await?;
                let all = people::tenant::list(&state.db).await?;
                let chosen: Vec<&Tenant> =
                    all.iter().filter(|one| tenant.as_ref().is_none_or(|slug| one.slug == *slug)).collect();
                if chosen.is_empty() {
                    return Err(Failure("there is no such company: see `verstak tenant list`".into()));
                }
                for one in chosen {
                    state.records.rebuild_totals(one.id).await?;
                    state.records.rebuild_search(one.id).await?;
                    say(&format!("{}: counted anew", one.slug));
                }
                state.records.fill_search().await?;
            }
        }
        Ok(())
    }
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List the accounts of a company.
    List {
        #[command(flatten)]
        place: Place,
        /// Slug of the company.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Make somebody an administrator of their company again, also when it has none left.
    Promote {
        #[command(flatten)]
        place: Place,
        /// Whom.
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// Slug of the company.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Sign somebody in without a second factor again, whose device and codes are lost.
    RemoveFactor {
        #[command(flatten)]
        place: Place,
        /// Whose.
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// Slug of the company.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Set an account's password, read from standard input; ends its sessions.
    Password {
        #[command(flatten)]
        place: Place,
        /// Whose.
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// Slug of the company.
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl UserCommand {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::List { place, tenant: slug } => {
                let state = place.open().await?;
                let tenant = tenant(&state, slug.as_deref()).await?;
                for account in user::list(&state.db, tenant.id, None, 10_000).await? {
                    say(&format!(
                        "{}\t{}\t{}",
                        plain(&account.email),
                        plain(&account.name),
                        if account.active { "active" } else { "barred" }
                    ));
                }
                Ok(())
            }
            Self::Promote { place, user: email, tenant: slug } => {
                let state = place.open().await?;
                let account = account(&state, &email, slug.as_deref()).await?;
                let tenant = people::tenant::get(&state.db, TenantId(account.tenant_id)).await?;
                let roles = people::role::list(state.db.read(), tenant.id).await?.into_iter();
                let admin = roles.filter(|role| role.admin).map(|role| role.id).next();
                let admin = admin.ok_or_else(|| Failure("the company has no role of administrators".into()))?;
                let held = user::roles_of(state.db.read(), &[account.id]).await?.into_iter().map(|(_, role)| role);
                let roles = held.filter(|role| *role != admin).chain([admin]).collect();
                let patch = UserPatch { roles: Some(roles), active: Some(true), ..UserPatch::default() };
                user::update(&state.db, &tenant.system_ctx(&state.env), UserId(account.id), &patch).await?;
                say(&format!("{} is an administrator of {}.", plain(&account.email), plain(&tenant.name)));
                Ok(())
            }
            Self::RemoveFactor { place, user: email, tenant: slug } => {
                let state = place.open().await?;
                let account = account(&state, &email, slug.as_deref()).await?;
                let tenant = people::tenant::get(&state.db, TenantId(account.tenant_id)).await?;
                people::factor::remove_of(&state.db, &tenant.system_ctx(&state.env), UserId(account.id)).await?;
                say("Signing in asks for the password alone.");
                Ok(())
            }
            Self::Password { place, user: email, tenant: slug } => {
                let state = place.open().await?;
                let account = account(&state, &email, slug.as_deref()).await?;
                let tenant = people::tenant::get(&state.db, TenantId(account.tenant_id)).await?;
                let patch = UserPatch { password: Some(password_from_stdin()?), ..UserPatch::default() };
                user::update(&state.db, &tenant.system_ctx(&state.env), UserId(account.id), &patch).await?;
                say("The password is set.");
                Ok(())
            }
        }
    }
}
