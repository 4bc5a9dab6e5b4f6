//! Builds the images of a werf.yaml as a BuildKit frontend.
