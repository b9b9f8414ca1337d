//! Tests of the taps, dialect by dialect, with payloads as the providers send them.
