# Read by the set-up scripts: what this system is and how packages get onto it. Messages go to stderr.

say() { printf 'weft: %s\n' "$*" >&2; }

# ID, ID_LIKE, VERSION_ID, VERSION_CODENAME of the distribution; empty where there is no such file.
ID='' ID_LIKE='' VERSION_ID='' VERSION_CODENAME='' PRETTY_NAME=''
# shellcheck disable=SC1091
[ ! -r /etc/os-release ] || . /etc/os-release

has_apt() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }

no_install() { case ${WEFT_NO_INSTALL:-} in '' | 0 | false) return 1 ;; esac; }

# Prints how to become root: nothing, or "sudo -n". Fails where that is impossible without asking for a password.
as_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null && sudo -n true 2>/dev/null && echo 'sudo -n'
}

# Runs a command with its output in a file; shows the file's end only when the command fails.
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    status=$?
    tail -n 15 "$log" >&2
    rm -f "$log"
    return "$status"
  fi
}

# apt_as_root ARGUMENT...: waits for another apt that is at work, asks nothing.
apt_as_root() {
  root=$(as_root) || return 1
  # shellcheck disable=SC2086
  quietly $root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"
}
