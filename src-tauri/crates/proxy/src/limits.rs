//! Every limit of the data path, named with its unit. Owned here so that a reader finds them all.

use std::time::Duration;

/// Largest request head, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most of a request that is read at once, in bytes. It grows to this only while a body fills it; a
/// body that fits is kept as it was read, without a copy.
pub const READ_BYTES_MAX: usize = 512 * 1024;
/// Most header lines in a request.
pub const HEADERS_MAX: usize = 100;
/// How long a head may take to arrive, a silent connection may stay open, and an idle kept-alive
/// connection is kept.
pub const HEAD_WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest silence between two pieces of a request body.
pub const BODY_SILENCE_MAX: Duration = Duration::from_secs(30);
/// Largest request body, in bytes, before and after decompression.
pub const BODY_BYTES_MAX: usize = 100 * 1024 * 1024;
/// Request bodies held in memory at once, over all connections, in bytes.
pub const BODIES_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Connections open at once; the next ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 2_000;
/// Largest answer that is collected to send its cost as a header, in bytes; a longer one is
/// passed on as it comes, without that header.
pub const ANSWER_COLLECT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Answers that are read whole before they go on are counted with the request bodies; once both
/// hold so much, in bytes, a further one goes on as it comes. The rest stays for requests.
pub const HELD_ANSWERS_BYTES_MAX: usize = BODIES_BYTES_MAX / 2;
/// How much of a provider's error body is read to see why it refused, in bytes.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;
/// How long the rest of a provider's error body is waited for.
pub const ERROR_BODY_WAIT_MAX: Duration = Duration::from_secs(10);
/// Most of an answer that is held back until its first content, in bytes.
pub const FIRST_BYTES_MAX: usize = 256 * 1024;
/// Most events of a stream that are held back until its first content.
pub const FIRST_EVENTS_MAX: usize = 64;
/// How long the beginning of a stream is held back where nobody else can be asked: then its client
/// hears that it has begun, and pings, before it loses patience.
pub const FIRST_ALONE_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a stream that has told its end is listened to for its last word (`[DONE]`, the usage).
pub const LAST_WORD_WAIT_MAX: Duration = Duration::from_secs(5);
/// Wrong tokens a minute before the answer becomes 429.
pub const WRONG_TOKENS_PER_MINUTE_MAX: u32 = 30;
/// Longest wait for a TCP and TLS connection to a provider.
pub const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the head of an answer: above the ten minutes after which the tools give up
/// themselves, so that a hung provider does not hold a reservation for ever.
pub const HEAD_OF_ANSWER_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// How long an idle connection to a provider is kept: shorter than the providers' own limits, so
/// that a dead one is rarely reused.
pub const POOL_IDLE_MAX: Duration = Duration::from_secs(30);
/// Longest pause after an accept error such as "too many open files".
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What a request without a token limit is assumed to produce at most, in tokens.
pub const OUTPUT_TOKENS_ASSUMED: u64 = 16_384;
/// How long a request waits for room in a budget that stops and is only full of what is under way.
pub const ROOM_WAIT_MAX: Duration = Duration::from_secs(15);
/// How often it looks for room when nobody tells it of any: a raised limit, a configuration read anew.
pub const ROOM_LOOK: Duration = Duration::from_millis(250);
/// Longest hint header value that is taken over, in bytes.
pub const HINT_BYTES_MAX: usize = 128;
/// The context that a local model is loaded with for a coding tool, in tokens, where Weir asks for one and
/// the model can have it. Their first prompts have 10,000 to 20,000 tokens.
pub const TOOL_CONTEXT: u64 = 32_768;
/// Longest wait for a first look at a local server that a request is for. A look itself waits for two
/// seconds at most, and one that is under way comes first.
pub const FIRST_LOOK_WAIT_MAX: Duration = Duration::from_secs(5);
/// The line before a local server: 64 jobs that wait; and after half a minute a job of another model
/// has its turn.
pub const LOCAL_LINE: weir_core::workers::Limits =
    weir_core::workers::Limits { waiting_max: 64, patience_ms: 30_000 };
/// Jobs of one model that go together to a server that swaps models and does not say how many it
/// answers side by side: what such servers do at most by default.
pub const LOCAL_PARALLEL: usize = 4;
/// A line of so many waiting jobs is busy: a chain goes on to its next link.
pub const LOCAL_BUSY_LEN_MAX: usize = 4;
/// A line whose oldest job has waited so long is busy; a chain also waits no longer than this.
pub const LOCAL_BUSY_AGE_MAX: Duration = Duration::from_secs(10);
/// The longest wait in line of a request that may go nowhere else: below the time after which the
/// tools give up themselves.
pub const LOCAL_WAIT_MAX: Duration = Duration::from_secs(8 * 60);
/// How much of a request a second opinion is shown, of its system text and of its last turn each,
/// in bytes.
pub const OPINION_TEXT_BYTES_MAX: usize = 4 * 1024;
/// The longest wait for a second opinion: a request must not seem to hang for it.
pub const OPINION_WAIT_MAX: Duration = Duration::from_secs(4);
/// How often a translated stream is looked at for silence. Its client hears of it after one to two
/// of these: before the 20 seconds after which Claude Code warns its user.
pub const PING_SILENCE: Duration = Duration::from_secs(9);
/// Longest silence of a provider before its first content, where its client waits: it may hear pings
/// and would wait for ever, with the reservation and a place at a local server held. Inside an answer
/// the `stall` of the configuration holds.
pub const ANSWER_SILENCE_MAX: Duration = Duration::from_secs(15 * 60);
/// How long the usage of a finished answer is waited for after its client hung up.
pub const LAST_LOOK_MAX: Duration = Duration::from_millis(500);
/// How much is read for it, in bytes.
pub const LAST_LOOK_BYTES_MAX: usize = 64 * 1024;
/// Largest request body through the tunnel, in bytes, before and after decompression.
pub const TUNNEL_BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Connections open at once on the tunnel's port.
pub const TUNNEL_CONNECTIONS_MAX: usize = 64;
/// A kept connection that breaks sooner than this after a request went into it had most likely been
/// closed by the server before. A local server, whose answers cost nothing, is then asked once more.
pub const STALE_MAX: Duration = Duration::from_millis(250);
