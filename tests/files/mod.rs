//! Files of records over HTTP: what goes in, comes out, is refused, is removed and swept.

mod bucket;
mod bytes;
mod life;
mod rights;

use serde_json::Value;

use crate::app::{Answer, Client};

/// Sends bytes as the body itself.
pub async fn put(client: &Client<'_>, record: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let name: String = url_words(name);
    let uri = format!("/api/v1/records/{record}/files?name={name}");
    client.send("POST", &uri, Some("application/octet-stream"), bytes.into()).await
}

/// The same in a form, with a name that is not cleaned by anybody on its way.
pub async fn put_form(client: &Client<'_>, record: &str, name: &str, bytes: &[u8]) -> Answer {
    let head = format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    let body = [head.as_bytes(), bytes, b"\r\n--B--\r\n"].concat();
    let uri = format!("/api/v1/records/{record}/files");
    client.send("POST", &uri, Some("multipart/form-data; boundary=B"), body).await
}

fn url_words(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Names of a record's files, in order of the alphabet.
pub async fn names(client: &Client<'_>, record: &str) -> Vec<String> {
    let list = client.get(&format!("/records/{record}/files")).await.ok(200);
    let mut names: Vec<String> =
        list["items"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The id in an answer about a file.
pub fn id_of(file: &Value) -> &str {
    file["id"].as_str().unwrap()
}
