//! The library of the tests.
