#!/bin/sh
# Sets pyrviewer up in this checkout (.venv, and what Qt needs of the system) and starts it.
#
#   sh resources/quickstart.sh [IMAGE ...]      opens the window; on a sample without an image
#   sh resources/quickstart.sh test [ARG ...]   runs the tests; the arguments go to pytest
#
# Every command of pyrviewer works here as well: sh resources/quickstart.sh tour DIR
# PYTHON=/path/to/python3 chooses the Python; otherwise it is the newest one on PATH.
set -eu

# What Qt loads from the system, each with Debian's package for it.
LIBRARIES="libEGL.so.1:libegl1 libGL.so.1:libgl1 libX11.so.6:libx11-6 libdbus-1.so.3:libdbus-1-3
    libfontconfig.so.1:libfontconfig1 libglib-2.0.so.0:libglib2.0-0 libxkbcommon.so.0:libxkbcommon0
    font:fonts-dejavu-core"
# What it loads besides to open a window on an X display.
WINDOW_LIBRARIES="libX11-xcb.so.1:libx11-xcb1 libxcb-cursor.so.0:libxcb-cursor0
    libxcb-icccm.so.4:libxcb-icccm4 libxcb-image.so.0:libxcb-image0
    libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-randr.so.0:libxcb-randr0
    libxcb-render-util.so.0:libxcb-render-util0 libxcb-shape.so.0:libxcb-shape0
    libxcb-sync.so.1:libxcb-sync1 libxcb-xfixes.so.0:libxcb-xfixes0 libxcb-xkb.so.1:libxcb-xkb1
    libxkbcommon-x11.so.0:libxkbcommon-x11-0"

say() {
    printf 'quickstart: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Prints the version of a Python that is new enough; fails for any other.
version_of() {
    "$1" -c 'import sys
sys.exit("too old") if sys.version_info < (3, 11) else print("%d.%d" % sys.version_info[:2])' \
        2>/dev/null
}

# Sets python and its version: PYTHON, the one in .venv, or the newest on PATH.
# Sets venv_works: whether .venv is whole and has that version.
choose_python() {
    venv_works=no
    in_venv=$(version_of "$venv/bin/python") && "$venv/bin/python" -c 'import pip' 2>/dev/null &&
        venv_works=yes
    if [ -n "${PYTHON:-}" ]; then
        python=$PYTHON
        version=$(version_of "$python") ||
            fail "Python 3.11 or newer is needed; PYTHON=$PYTHON is not that."
        [ "$version" = "$in_venv" ] || venv_works=no
        return
    fi
    python=$venv/bin/python
    version=$in_venv
    [ "$venv_works" = no ] || return 0
    for python in python3.19 python3.18 python3.17 python3.16 python3.15 python3.14 python3.13 \
        python3.12 python3.11 python3 python; do
        ! version=$(version_of "$python") || return 0
    done
    found=$(python3 --version 2>/dev/null) || found="no Python"
    fail "Python 3.11 or newer is needed; on PATH is $found. PYTHON=/path/to/python3 names another."
}

# Prints those of NAME:PACKAGE ... whose library cannot be loaded, or that no font is there.
missing() {
    "$python" - "$@" <<'END'
import ctypes
import sys


def present(name: str) -> bool:
    try:
        if name != "font":
            return bool(ctypes.CDLL(name))
        fonts = ctypes.CDLL("libfontconfig.so.1").FcConfigGetFonts
    except OSError:
        return False
    fonts.restype = ctypes.c_void_p  # a structure that starts with the number of fonts
    address = fonts(None, 0)
    return address is not None and ctypes.c_int.from_address(address).value > 0


print(*(item for item in sys.argv[1:] if not present(item.partition(":")[0])))
END
}

# Installs the package of each NAME:PACKAGE, or says which names are missing.
install() {
    names=
    packages=
    for item; do
        names="$names ${item%%:*}"
        packages="$packages ${item#*:}"
    done
    sudo=
    if ! command -v apt-get >/dev/null; then
        fail "missing here, and there is no apt-get to install it:$names"
    elif [ "$(id -u)" != 0 ]; then
        sudo=sudo
        sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; } ||
            fail "missing here:$names. As root: apt-get install$packages"
    fi
    say "installing$packages"
    # A list of packages that cannot be fetched need not be one of those that are wanted.
    $sudo apt-get -qq update </dev/null >&2 || true
    # shellcheck disable=SC2086  # a word for each package
    told=$($sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        $packages </dev/null 2>&1) || fail "apt-get could not install$packages: $told"
}

install_what_is_missing() {
    wanted=
    if [ "$(uname)" = Linux ]; then
        wanted=$LIBRARIES
        [ -z "${DISPLAY:-}" ] || wanted="$wanted $WINDOW_LIBRARIES"
    fi
    # shellcheck disable=SC2086  # a word for each library
    wanted=$(missing $wanted)
    [ "$venv_works" = yes ] || "$python" -c 'import ensurepip' 2>/dev/null ||
        wanted="$wanted ensurepip:python$version-venv"
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || install $wanted
}

# Makes .venv, or brings it up to date.
set_up() {
    if [ "$venv_works" = no ]; then
        say "making .venv with Python $version"
        "$python" -m venv --clear "$venv" || fail "no virtual environment could be made in $venv"
    fi
    say "installing pyrviewer and what it needs into .venv"
    quiet=--quiet
    [ ! -t 2 ] || quiet=
    # shellcheck disable=SC2086  # no word on a terminal
    (cd "$root" && "$venv/bin/python" -m pip --disable-pip-version-check install $quiet \
        --editable ".[$extra]" </dev/null >&2) ||
        fail "pip could not install the package for Python $version; PYTHON=... chooses another"
}

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/.venv
extra=deep,samples
[ "${1:-}" != test ] || extra="test"

choose_python
install_what_is_missing
stamp="Python $version, $root, $(cksum <"$root/pyproject.toml")"
if [ "$venv_works" = no ] || [ "$(cat "$venv/quickstart-$extra" 2>/dev/null)" != "$stamp" ]; then
    set_up
    for what in deep,samples "$extra"; do # the test extra holds them too
        printf '%s\n' "$stamp" >"$venv/quickstart-$what"
    done
fi

if [ "$extra" = test ]; then
    shift
    cd "$root"
    exec env QT_QPA_PLATFORM=offscreen "$venv/bin/python" -m pytest -m "not xcb" "$@"
fi
[ $# -gt 0 ] || set -- "$root/resources/samples/hippo.jpg"
exec "$venv/bin/python" -P -m pyrviewer "$@"
