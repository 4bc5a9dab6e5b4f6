//! Go's text/template and its values.
