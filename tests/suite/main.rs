//! The one test binary: each module is a promise of the product, tested from outside, over HTTP
//! and the command line, against a scripted provider that keeps its own books.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait on real processes and sockets with deadlines of their own"
)]

/// What a client sends is what the provider gets, and the other way round, byte for byte.
mod passthrough;

/// Nobody but a tool with a token gets in, whatever Host, Origin, method, path or proof it tries.
mod gate;

/// Nothing that could be read as two requests gets past the first parser.
mod framing;

/// What the provider said it used is what the ledger holds, to the nano-dollar.
mod meter;

/// Limits hold under any number of callers, and are seen, raised and written from the command line.
mod budgets;

/// At a limit a cheaper model answers, a local one, or a refusal does; and it is always said.
mod limits;

/// What a user is told of money comes once, also after a restart, and through what is there.
mod alerts;

/// A client that hangs up anywhere leaves exactly one finished row.
mod disconnects;

/// A process that is killed at any moment loses no attempt and counts none twice.
mod kill;

/// An ordered stop finishes what is open, and the next start finds nothing half done.
mod restart;

/// A request goes where its task, its tier, the rules and its conversation say, and never in silence.
mod routing;

/// A newcomer's day: as shipped, with one local server and one cloud provider.
mod day;

/// What Weir says before and after a request is what happened.
mod told;

/// Shadow mode and another configuration are priced by what really happened.
mod simulate;

/// Local servers are found and kept, and a request reaches one only where it fits and has a place.
mod local;

/// Secrets are found nowhere, in no form.
mod canary;

/// What a provider says back of a secret stays with the client that asked.
mod echoes;

/// Every mistake of a configuration is told at once, with its line and its fix.
mod config;

/// A named configuration is swapped in whole or not at all, and edits belong to the one in use.
mod profiles;

/// One home, one server; and what happens when the folder or the port is not to be had.
mod home;

/// Bad requests and absent providers are answered in the caller's dialect, with the fix.
mod bad_input;

/// Without keys the first request works all the same, and is in no sum.
mod demo;

/// A tool's settings lead to Weir, and come back byte for byte, whatever is killed in between.
mod connect;

/// No end of Weir leaves a tool on a dead port: it is started again, or the tools are put back.
mod guard;

/// The command line prints what its contract says.
mod cli;

/// A month fits on one page, says what the ledger says, and is written whole or not at all.
mod report;

/// A tool of one dialect is answered by a provider of any other, in its own.
mod translate;

/// A provider that fails is made good by the next, or its failure is told as it is.
mod failover;

/// Whatever fails beside it, no request hangs, none is told half an answer as a whole one, and the
/// books stay right.
mod sim;

/// What other gateways got wrong about money and fail-over.
mod issues;

/// A failure whose reason is hidden is judged by that reason all the same.
mod failover_repairs;

/// Cursor's servers reach three paths with a key of their own, what is listed and what was set
/// aside for them, and nothing else.
mod tunnel;

/// The rules of the repository itself.
mod tidy;
