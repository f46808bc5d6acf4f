//! Faults and states over HTTP, for a stand-in in a process of its own. Absent unless asked for.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;

use crate::api::Problem;
use crate::fault::{Fault, Troubles};
use crate::server::{Admin, Platform};

/// `GET`, `PUT`, `DELETE /admin/faults` (all of them), `POST /admin/faults/next` (one more),
/// `PUT /admin/cases/{caseNumber}/state`.
pub fn router(admin: Admin) -> Router<Arc<Platform>> {
    match admin {
        Admin::Absent => Router::new(),
        Admin::Open => Router::new()
            .route("/admin/faults", get(read).put(replace).delete(clear))
            .route("/admin/faults/next", post(push))
            .route("/admin/cases/{caseNumber}/state", put(set_state)),
    }
}

async fn read(State(platform): State<Arc<Platform>>) -> Json<Troubles> {
    Json(platform.faults.troubles())
}

async fn replace(State(platform): State<Arc<Platform>>, Json(troubles): Json<Troubles>) -> StatusCode {
    platform.faults.replace(troubles);
    StatusCode::NO_CONTENT
}

async fn clear(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.faults.clear();
    StatusCode::NO_CONTENT
}

async fn push(State(platform): State<Arc<Platform>>, Json(fault): Json<Fault>) -> StatusCode {
    platform.faults.push(fault);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewState {
    state: String,
    raw_text: String,
}

async fn set_state(
    State(platform): State<Arc<Platform>>,
    Path(number): Path<String>,
    Json(new): Json<NewState>,
) -> Result<StatusCode, Problem> {
    let now = platform.now();
    let is_known = platform.ledger().set_state(&number, &new.state, &new.raw_text, now)?;
    if is_known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(404, "case-unknown", "there is no case with this number"))
    }
}
