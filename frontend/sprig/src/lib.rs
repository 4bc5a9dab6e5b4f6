//! The functions of Masterminds sprig for gotemplate.
