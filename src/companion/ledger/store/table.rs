//! Tables as data: what each is called, and the statements that both databases understand.
use core::fmt::Write as _;
use std::sync::OnceLock;

/// A table of records.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Its columns; the first ones are its key.
    pub(super) columns: &'static [(&'static str, Kind)],
    /// The number of columns of the key.
    keys: usize,
    one: OnceLock<Statements>,
    arrays: OnceLock<Statements>,
}

/// The statements of a table.
#[derive(Debug)]
pub(super) struct Statements {
    /// `INSERT`: the records are new.
    pub(super) insert: String,
    /// `INSERT … ON CONFLICT … UPDATE`: the records are new or not.
    pub(super) upsert: String,
    /// `UPDATE`: the records are there.
    pub(super) update: String,
    /// `SELECT` by key: one record, or all whose keys are in the arrays.
    pub(super) select: String,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
}

/// What is in one column of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Of a column of texts.
    Text(Option<String>),
    /// Of a column of numbers.
    Int(Option<i64>),
}

/// How a statement takes the values of many records, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// One record, a placeholder for each column.
    One,
    /// Many records, an array for each column.
    Arrays,
}

impl Table {
    /// A table whose first `key` columns are its key.
    pub(super) const fn new(
        name: &'static str,
        columns: &'static [(&'static str, Kind)],
        keys: usize,
    ) -> Self {
        Self { name, columns, keys, one: OnceLock::new(), arrays: OnceLock::new() }
    }

    /// The table's statements, which are built once.
    pub(super) fn statements(&self, takes: Takes) -> &Statements {
        let made = match takes {
            Takes::One => &self.one,
            Takes::Arrays => &self.arrays,
        };
        made.get_or_init(|| Statements {
            insert: self.insert(takes),
            upsert: self.upsert(takes),
            update: self.update(takes),
            select: self.select(takes),
        })
    }

    fn insert(&self, takes: Takes) -> String {
        let (name, columns) = (self.name, self.names(""));
        match takes {
            Takes::One => format!("INSERT INTO {name} ({columns}) VALUES ({})", self.marks()),
            Takes::Arrays => {
                format!("INSERT INTO {name} ({columns}) SELECT * FROM UNNEST({})", self.arrays())
            }
        }
    }

    fn upsert(&self, takes: Takes) -> String {
        let keys = names(self.key_columns(), "");
        let set = self.set("excluded.");
        format!("{} ON CONFLICT ({keys}) DO UPDATE SET {set}", self.insert(takes))
    }

    fn update(&self, takes: Takes) -> String {
        let (name, columns) = (self.name, self.names(""));
        let source = match takes {
            Takes::One => {
                let mark = |(index, (column, _)): (usize, &(&str, Kind))| {
                    format!("?{} AS {column}", index.saturating_add(1))
                };
                let marks = self.columns.iter().enumerate().map(mark);
                format!("(SELECT {}) AS new", marks.collect::<Vec<_>>().join(", "))
            }
            Takes::Arrays => format!("UNNEST({}) AS new ({columns})", self.arrays()),
        };
        let same = self.key_columns().iter().map(|(key, _)| format!("{name}.{key} = new.{key}"));
        let same = same.collect::<Vec<_>>().join(" AND ");
        format!("UPDATE {name} SET {} FROM {source} WHERE {same}", self.set("new."))
    }

    fn select(&self, takes: Takes) -> String {
        let (name, keys) = (self.name, self.key_columns());
        match takes {
            Takes::One => {
                let columns = self.names("");
                let same = keys.iter().map(|(key, _)| format!("{key} = ?"));
                let same = same.collect::<Vec<_>>().join(" AND ");
                format!("SELECT {columns} FROM {name} WHERE {same}")
            }
            Takes::Arrays => self.named(&arrays(keys)),
        }
    }

    /// `SELECT` of the records whose keys are in some arrays.
    pub(super) fn named(&self, arrays: &str) -> String {
        let (name, keys) = (self.name, names(self.key_columns(), ""));
        let columns = self.names(&format!("{name}."));
        format!(
            "SELECT {columns} FROM UNNEST({arrays}) AS wanted ({keys}) JOIN {name} USING ({keys})"
        )
    }

    /// `SELECT` of every column, to be continued.
    pub(super) fn select_all(&self) -> String {
        format!("SELECT {} FROM {}", self.names(""), self.name)
    }

    /// `SELECT` of the records of some tenants, in the order of their keys.
    pub(super) fn select_range(&self, after: &str, last: &str) -> String {
        let keys = names(self.key_columns(), "");
        let select = self.select_all();
        format!("{select} WHERE tenant > {after} AND tenant <= {last} ORDER BY {keys}")
    }

    /// The columns of its key.
    pub(super) fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        self.columns.get(..self.keys).unwrap_or_default()
    }

    fn names(&self, prefix: &str) -> String {
        names(self.columns, prefix)
    }

    fn marks(&self) -> String {
        vec!["?"; self.columns.len()].join(", ")
    }

    fn arrays(&self) -> String {
        arrays(self.columns)
    }

    fn set(&self, from: &str) -> String {
        let rest = self.columns.get(self.keys..).unwrap_or_default();
        let set = rest.iter().map(|(column, _)| format!("{column} = {from}{column}"));
        set.collect::<Vec<_>>().join(", ")
    }
}

fn names(columns: &[(&str, Kind)], prefix: &str) -> String {
    let named = columns.iter().map(|(column, _)| format!("{prefix}{column}"));
    named.collect::<Vec<_>>().join(", ")
}

fn arrays(columns: &[(&str, Kind)]) -> String {
    let mut out = String::new();
    for (index, (_, kind)) in columns.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let kind = match kind {
            Kind::Text => "text[]",
            Kind::Int => "int8[]",
        };
        let number = index.saturating_add(1);
        // Writing into a string cannot fail.
        let _ = write!(out, "{comma}${number}::{kind}");
    }
    out
}
