//! JSON Schema (draft 2020-12) of each document, derived from the structs that are written.
//!
//! Documents have no fields that are missing in their schema. A strict reader needs the schema of the
//! release that wrote the document.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Value, json};

use super::{Document, SCHEMA_VERSION, diff, differential, doctor, dump, report, snapshot};

/// Kind of document.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Output of `run`, `analyze` and `report`
    #[value(aliases = ["run", "analyze"])]
    Report,
    /// Output of `snapshot`
    Snapshot,
    /// Output of `diff`
    Diff,
    /// Output of `diff --good`
    Differential,
    /// Output of `dump`
    Dump,
    /// Output of `doctor`
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

/// Forbids additional fields in all objects.
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if !object.contains_key("properties") {
            return;
        }
        // A flattened enum: its alternatives alone can't know the fields beside them.
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
