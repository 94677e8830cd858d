//! `/sales`: what documents of sale come to.

use axum::Json;
use axum::extract::State;
use crm::{CalculateInput, Calculated};

use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// `POST /sales/calculate`: what rows come to, exactly; nothing is kept.
#[utoipa::path(post, path = "/sales/calculate", tag = "sales", operation_id = "calculate_sale", request_body = CalculateInput, responses((status = 200, body = Calculated)))]
pub async fn calculate(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<CalculateInput>,
) -> ApiResult<Json<Calculated>> {
    Ok(Json(state.sales.calculate(&caller.ctx, &body).await?))
}
