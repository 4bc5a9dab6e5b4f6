//! A typed LLB graph: build it, de-duplicate it, marshal it, print it.
