//! Passes a question on and its answer back.

use verstak_plugin::prelude::*;

plugin! { http { POST "/ask" => ask } }

fn ask(request: &Request) -> Outcome<Response> {
    Ok(match reports::query(request.text().unwrap_or_default()) {
        Ok(answer) => Response::json(200, answer),
        Err(error) => Response::json(422, verstak_plugin::value::describe(&error)),
    })
}
