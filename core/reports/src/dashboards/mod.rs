//! Dashboards: cards beside each other, kept by a person and shared with roles or all; and homes, one for each way to work,
//! built in, changed by administrators, restored at will. Cards run with their reader's rights.
//!
//! | module | what |
//! |---|---|
//! | `model` | what a card and a dashboard are |
//! | `keep` | making, listing, changing, removing |
//! | `homes` | whose home is which; what is changed of them |
//! | `moving` | homes and shared dashboards that move between companies |
//! | `store` | rows |
//! | `built_in` | the cards that homes have of themselves |
//! | `read` | what stands on the cards |
//! | `empty` | what is said where nothing stands |

mod built_in;
mod empty;
mod homes;
mod keep;
mod model;
pub mod moving;
mod read;
mod store;

pub use empty::{Acting, Empty};
pub use homes::{Home, HomeInput, HomeQuery, HomeView};
pub use model::{Card, DashboardInput, DashboardView};
pub use read::{CardState, CardView, ReadCards, ReadDashboard, TasksCard};
pub(crate) use read::{KeptCards, kept};
