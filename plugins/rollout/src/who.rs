//! Whose press or change it is: lead, team, board, those who take part. The module acts in its own name, so it judges people
//! itself, by the roles that it brings and by the names in the project.

use std::collections::{BTreeMap, BTreeSet};

use verstak_plugin::prelude::*;

use crate::store::Rules;

/// The board: ids of those who accept.
///
/// # Errors
/// What the host says.
pub fn board(rules: &Rules) -> Result<Vec<String>, HostError> {
    Ok(people::role_members(rules.board())?.into_iter().map(|member| member.id).collect())
}

/// Names of people by their ids; whoever is gone for good has none.
///
/// # Errors
/// What the host says.
pub fn names(ids: &BTreeSet<String>) -> Result<BTreeMap<String, String>, HostError> {
    let ids: Vec<String> = ids.iter().cloned().collect();
    let mut names = BTreeMap::new();
    for some in ids.chunks(200) {
        names.extend(people::persons(some)?.into_iter().flatten().map(|person| (person.id, person.name)));
    }
    Ok(names)
}

/// Somebody who acts.
pub struct Who {
    /// Their id; none of the product itself, of an import or of another plugin.
    pub id: Option<String>,
}

impl Who {
    /// Whoever caused this call.
    pub fn acts() -> Self {
        Who { id: runtime::context().actor.id }
    }

    /// Whether they are this person.
    pub fn is(&self, person: Option<&str>) -> bool {
        self.id.is_some() && self.id.as_deref() == person
    }

    /// Whether they have a role, by its key or id.
    ///
    /// # Errors
    /// What the host says.
    pub fn has(&self, role: &str) -> Result<bool, HostError> {
        match &self.id {
            None => Ok(false),
            Some(id) => Ok(people::role_members(role)?.iter().any(|member| member.id == *id)),
        }
    }

    /// Whether they accept: the board.
    ///
    /// # Errors
    /// What the host says.
    pub fn is_board(&self, rules: &Rules) -> Result<bool, HostError> {
        self.has(rules.board())
    }

    /// Whether they lead this project, or lead projects at all, or are an administrator.
    ///
    /// # Errors
    /// What the host says.
    pub fn leads(&self, project: &Row) -> Result<bool, HostError> {
        Ok(self.is(project.id("lead")) || self.has("rollout_lead")? || self.has("admin")?)
    }

    /// Whether they take part at all.
    ///
    /// # Errors
    /// What the host says.
    pub fn takes_part(&self, rules: &Rules) -> Result<bool, HostError> {
        for role in ["rollout_member", "rollout_team", "rollout_lead", "admin"] {
            if self.has(role)? {
                return Ok(true);
            }
        }
        self.is_board(rules)
    }

    /// Whether they take figures of the system, which the module reads whoever asks: of a department, or of days, of few people they
    /// tell of each.
    ///
    /// # Errors
    /// What the host says.
    pub fn measures(&self, project: &Row) -> Result<bool, HostError> {
        Ok(self.leads(project)? || self.has("rollout_team")?)
    }

    /// Whether they see money: the lead, the board and who owns the budget.
    ///
    /// # Errors
    /// What the host says.
    pub fn sees_money(&self, project: &Row, rules: &Rules) -> Result<bool, HostError> {
        Ok(self.is(project.id("owner_budget")) || self.leads(project)? || self.is_board(rules)?)
    }
}
