//! What only a real daemon can show.
