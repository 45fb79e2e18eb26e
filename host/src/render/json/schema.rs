//! JSON Schema (draft 2020-12) of each document, derived from what writes it.
//!
//! Documents have no other fields than their schema names: a field is added to both at once, and a
//! reader that checks strictly takes the schema of the release that it reads.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Value, json};

use super::{Document, SCHEMA_VERSION, diff, differential, doctor, dump, report, snapshot};

/// A document.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Of `run`, `analyze` and `report`
    #[value(aliases = ["run", "analyze"])]
    Report,
    /// Of `snapshot`
    Snapshot,
    /// Of `diff`
    Diff,
    /// Of `diff --good`
    Differential,
    /// Of `dump`
    Dump,
    /// Of `doctor`
    Doctor,
}

/// The schema of a document.
pub(crate) fn document_schema(kind: Kind) -> Value {
    match kind {
        Kind::Report => schema::<report::Document<'_>>("report"),
        Kind::Snapshot => schema::<snapshot::Census<'_>>("snapshot"),
        Kind::Diff => schema::<diff::Document<'_>>("diff"),
        Kind::Differential => schema::<differential::Document<'_>>("differential"),
        Kind::Dump => schema::<dump::Document<'_>>("dump"),
        Kind::Doctor => schema::<doctor::Document<'_>>("doctor"),
    }
}

fn schema<T: JsonSchema>(kind: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let description = T::json_schema(&mut generator).get("description").cloned();
    let mut schema = generator.into_root_schema_for::<Document<'_, T>>();
    Closed.transform(&mut schema);
    let mut schema = schema.to_value();
    schema["$id"] = json!(format!("urn:teeleak:schema:{kind}:{SCHEMA_VERSION}"));
    schema["title"] = json!(format!("teeleak {kind}, version {SCHEMA_VERSION}"));
    schema["description"] = json!(description);
    schema["properties"]["schema_version"]["const"] = json!(SCHEMA_VERSION);
    schema["properties"]["kind"]["const"] = json!(kind);
    schema
}

/// Lets no object have other fields than are named.
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if !object.contains_key("properties") {
            return;
        }
        // Its fields are those of one of several besides its own: each alone can't say what is left.
        let Some(several) = object.get_mut("oneOf").and_then(Value::as_array_mut) else {
            object.insert("additionalProperties".into(), false.into());
            return;
        };
        for one in several.iter_mut().filter_map(Value::as_object_mut) {
            one.remove("additionalProperties");
        }
        object.insert("unevaluatedProperties".into(), false.into());
    }
}
