# `make run` and `make test` do all their own set-up on Debian and Ubuntu; see .ci/setup.
.PHONY: run test test-desktop test-clients fuzz-built check build ui bench clients llama fuzz icons kill-long connect-kill connect-files-full e2e desktop-cost trace-report triage-weights triage-report failover-full sim-full translate-full pages screens packages packages-check
export CARGO_TERM_COLOR ?= auto
FUZZ_SECONDS ?= 60
# `make test` kills a connect at each n-th of its file system calls.
EACH_CALL ?= 60

run: setup-build ui ; cargo build --locked -p weir-cli -p weir-tray && .ci/try

# One selection of packages for all of it: with another one shared crates get other features and are built again.
# What stands at the edge is fuzzed for as long as in `make fuzz`, the rest for a moment.
test: setup-test ui check
	cargo build --locked --workspace --all-targets
	cargo test --locked --workspace --lib --bins --tests
	tests/clients/install
	$(MAKE) --jobs=3 --output-sync=line test-desktop test-clients fuzz-built
	tests/fuzz/run $(FUZZ_SECONDS) sse tap facts gate
	tests/fuzz/run 20 decode hide outline translate translate_stream
	@if command -v strace >/dev/null; then tests/connect/every_syscall $(EACH_CALL); \
	else echo "strace is not installed: no kill was tried in the middle of a connect"; fi

# Both of them wait more than they work, so they run beside each other; what they need is built. In what
# they leave of the cores the fuzz targets are built.
test-desktop: ; tests/e2e/run && tests/e2e/cost short && cd ui && npm run --silent pages
test-clients: ; tests/llama/run --ci && tests/clients/newcomer && tests/clients/outgrown --ci && tests/clients/run --ci && tests/clients/crossing --ci
fuzz-built: ; nice -n 15 tests/fuzz/run 0

check: setup-build ui
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd ui && npm run --silent check && npm test --silent
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; \
	else echo "cargo-deny is not installed: licences and bans were not checked"; fi

build: setup-build ui ; cargo build --locked --release -p weir-cli -p weir-tray

ui: setup-build ; cd ui && npm run --silent build

setup-%: ; @.ci/setup $*

bench: setup-test ; cargo build --locked --release -p weir-cli && tests/bench/run
clients: setup-test ; cargo build --locked -p weir-cli && tests/clients/run && tests/clients/refused && tests/clients/crossing && tests/clients/newcomer && tests/clients/connected && tests/clients/outgrown
# llama.cpp's server by every client, the large ones too; LLAMA_SERVER names another llama-server.
llama: setup-test ; cargo build --locked -p weir-cli && tests/llama/run
fuzz: setup-test ; tests/fuzz/run $(FUZZ_SECONDS)
e2e: ; tests/e2e/run
# What keeping the desktop open costs, over a million requests; prints a section for docs/benchmarks.md.
desktop-cost: build ; tests/e2e/cost release
# What routing saves on made-up traffic in the shape of real use: docs/routing-savings.md.
trace-report: setup-build ; WEIR_WRITE=1 cargo test --locked -p weir-engine --test savings -- the_report
# This system's packages, and a look into them: installed, started, removed again.
packages: setup-build ui ; .ci/package release
packages-check: setup-packages ; tests/packages/run release
icons: ; cd ui && npm run --silent icons
# The built pages in Chromium: axe, the window's policy, cut text; and their pictures in docs/screens.
pages: setup-test ; cd ui && npm run --silent pages
screens: setup-test ; cd ui && npm run --silent screens
kill-long: ; cargo build --locked --release -p weir-cli && WEIR_KILLS=10000 WEIR_BIN=$(CURDIR)/target/release/weir cargo test --locked -p weir-tests --test suite -- kill --nocapture
# The failure scenarios with their real times; some twenty minutes.
failover-full: ; cargo build --locked -p weir-cli && WEIR_FAILOVER_FULL=1 cargo test --locked -p weir-tests --test suite -- failover:: issue_ --nocapture
# Every kind of fault under a thousand seeds; a hundred of them are part of `make test`.
sim-full: ; cargo build --locked -p weir-cli && WEIR_SIM_SEEDS=1000 cargo test --locked -p weir-tests --test suite -- sim:: --nocapture
# Every answer of the corpus cut and split at every byte; some two minutes after the build.
translate-full: ; WEIR_EVERY_BYTE=1 cargo test --locked --profile every-byte -p weir-translate -- answers:: --nocapture
# Every file system call of connect and disconnect, killed once each; needs strace.
connect-kill: ; cargo build --locked -p weir-cli && tests/connect/every_syscall
# A thousand settings files, each with the process killed, and with the power gone, after every step; in memory.
connect-files-full: ; WEIR_FILES=1000 cargo test --locked -p weir-engine --lib -- connect::tests::thousand --nocapture
# The weights that judge requests, from the corpus beside them; the same bytes at every run.
triage-weights: ; cargo run --locked --release -p weir-triage --example weights -- train
triage-report: ; cargo run --locked --release -p weir-triage --example weights -- report
