# What must exist before cargo does: a C toolchain and Rust. Sourced by ./run and ./test; the rest
# is in `cargo xtask`. With SPANSCOPE_NO_INSTALL=1 it prints the commands instead of running them.
cd "$(dirname "$0")"
oldest_rust=$(sed -n 's/^rust-version = "1\.\([0-9]*\)"$/\1/p' Cargo.toml)

say() { printf '%s\n' "spanscope: $*" >&2; }

# Installs Debian or Ubuntu packages: install REASON PACKAGE…
install_packages() {
    reason=$1
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        say "$reason is missing, and this system has no apt-get: install what your distribution calls $*, then try again"
        exit 1
    fi
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo "
    if [ "${SPANSCOPE_NO_INSTALL:-0}" = 1 ]; then
        say "$reason is missing; install it with:"
        printf '%s\n' "${as_root}apt-get update && ${as_root}apt-get install --yes --no-install-recommends $*" >&2
        exit 1
    fi
    say "installing $* ($reason)"
    # The update may fail for a repository that is out of reach; the packages then decide.
    ${as_root}apt-get update -qq || true
    ${as_root}env DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends "$@" >&2
}

# The minor version of the Rust that $1/rustc is, 0 where there is none.
minor_of() {
    "$1" --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p' | grep . || echo 0
}

command -v cc >/dev/null 2>&1 || install_packages "a C compiler" build-essential pkg-config
command -v pkg-config >/dev/null 2>&1 || install_packages "pkg-config" pkg-config

[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"
if ! command -v cargo >/dev/null 2>&1 || [ "$(minor_of rustc)" -lt "$oldest_rust" ]; then
    if [ "$(minor_of /usr/bin/rustc)" -lt "$oldest_rust" ] || ! [ -x /usr/bin/cargo ]; then
        command -v apt-get >/dev/null 2>&1 && [ "${SPANSCOPE_NO_INSTALL:-0}" != 1 ] && [ "$(id -u)" = 0 ] && apt-get update -qq || true
        # Debian has a current Rust under the names of its browser builds, Ubuntu under its version.
        packages=
        if apt-cache show rustc-web >/dev/null 2>&1; then
            packages="rustc-web cargo-web rust-web-clippy rustfmt-web"
        else
            newest=$(apt-cache pkgnames rustc-1. 2>/dev/null | sed -n 's/^rustc-1\.\([0-9]*\)$/\1/p' | sort -n | tail -n 1)
            if [ "${newest:-0}" -ge "$oldest_rust" ]; then
                packages="rustc-1.$newest cargo-1.$newest rustfmt-1.$newest"
                PATH="/usr/lib/rust-1.$newest/bin:$PATH"
            fi
        fi
        if [ -z "$packages" ]; then
            say "Rust 1.$oldest_rust or newer is needed, and this distribution has none: install it from https://rustup.rs, then try again"
            exit 1
        fi
        # shellcheck disable=SC2086
        install_packages "Rust 1.$oldest_rust or newer" $packages
    fi
    if [ "$(minor_of rustc)" -lt "$oldest_rust" ]; then
        PATH="/usr/bin:$PATH"
    fi
fi
export PATH
